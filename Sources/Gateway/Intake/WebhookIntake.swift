import FoundationEssentials
package import HookgateCore
import Logging

/// The way of one webhook without its HTTP: resolve, scan, accept, spool.
///
/// ```swift
/// guard let key = intake.key(for: address) else { … 404 }
/// intake.receive(InboundWebhook(address: address, key: key, …)) { result in … }
/// ```
package final class WebhookIntake: Sendable {
    private let resolver: Resolver
    private let spool: any EventSpool
    private let clock: TimeSource
    private let probeKeys: @Sendable () -> [ProbeKey]
    private let quarantine: QuarantineBounds
    let secondFactor: SecondFactorCheck
    private let log: TrafficLog
    private let refusals: RefusalTally
    private let legacyRequests: (any LegacyRequestObserver)?
    private let ids = EventIDGenerator()

    /// - Parameter probeKeys: the server keys whose signature makes a webhook a probe; read for each that claims to be.
    package init(
        resolver: Resolver, spool: any EventSpool, clock: TimeSource = .system,
        probeKeys: @escaping @Sendable () -> [ProbeKey] = { [] }, quarantine: QuarantineBounds,
        secondFactor: SecondFactorCheck, log: TrafficLog, refusals: RefusalTally = RefusalTally(),
        legacyRequests: (any LegacyRequestObserver)? = nil
    ) {
        self.resolver = resolver
        self.spool = spool
        self.clock = clock
        self.probeKeys = probeKeys
        self.quarantine = quarantine
        self.secondFactor = secondFactor
        self.log = log
        self.refusals = refusals
        self.legacyRequests = legacyRequests
    }

    /// What an address is looked up with; nil for a token that cannot be one, which costs no look-up.
    package func key(for address: WebhookAddress) -> RoutingKey? {
        switch address.target {
        case .instance(let name): .instance(name)
        case .token(let token): token.digest.map { .token($0) }
        // All of them together, until the body says more: no instance has this name.
        case .body: .instance(InstanceName(""))
        }
    }

    /// Whose share of the gateway a webhook takes.
    func tenant(of key: RoutingKey) -> Tenant { self.resolver.tenant(of: key) }

    /// A refusal that memory is sure of, so that a long body need not be read first.
    package func refusal(for key: RoutingKey) -> IntakeResult? {
        switch self.resolver.resident(key, at: self.clock.now) {
        case .revoked: .refused(.revoked)
        case .unknown: .refused(.unknown)
        default: nil
        }
    }

    /// A place for a body that is too long for memory.
    func makeBody() -> any SpoolBody { self.spool.makeBody() }

    /// Counts a request that was refused before its body was whole; `key` is nil where the address has none.
    package func refused(_ reason: RefusalReason, _ address: WebhookAddress, _ key: RoutingKey?) {
        if reason == .notStored, let key { self.noteFailure("too much in progress", key) }
        self.refusals.note(reason, route: address.route, instance: key.flatMap(self.resolver.residentInstance))
    }

    /// Takes a webhook whose body is complete. Calls back exactly once, on any thread and possibly before it returns; at
    /// `place`, as far as others can be told there with it.
    package func receive(
        _ webhook: InboundWebhook, at place: CompletionPlace? = nil,
        _ completion: @escaping @Sendable (IntakeResult) -> Void
    ) {
        let now = self.clock.now
        if case .body = webhook.address.target {
            return self.receiveNamedByBody(webhook, at: now, place, completion)
        }
        if let resolution = self.resolver.resident(webhook.key, at: now) {
            self.noteToken(.cacheHit, webhook.key)
            self.accept(webhook, resolvedTo: resolution, at: now, place, completion)
            return
        }
        self.noteToken(.cacheMiss, webhook.key)
        self.resolver.lookUp(webhook.key) { resolution in
            self.accept(webhook, resolvedTo: resolution, at: now, place, completion)
        }
    }

    /// A webhook whose URL names nobody: it is held back, under the integration that its body names where there is one.
    private func receiveNamedByBody(
        _ webhook: InboundWebhook, at now: Date, _ place: CompletionPlace?,
        _ completion: @escaping @Sendable (IntakeResult) -> Void
    ) {
        // What is no body is answered as such by the decision.
        guard let facts = try? webhook.body.facts(), let name = facts.instance else {
            return self.accept(webhook, resolvedTo: .unknown, at: now, place, completion)
        }
        let named = webhook.keyed(by: name)
        if let resolution = self.resolver.resident(named.key, at: now) {
            return self.accept(named, resolvedTo: resolution, at: now, place, completion)
        }
        self.resolver.lookUp(named.key) { resolution in
            self.accept(named, resolvedTo: resolution, at: now, place, completion)
        }
    }

    private func accept(
        _ webhook: InboundWebhook, resolvedTo resolution: Resolution, at now: Date, _ place: CompletionPlace?,
        _ completion: @escaping @Sendable (IntakeResult) -> Void
    ) {
        if case .unknown = resolution, let address = webhook.address.asGlobalWebhook {
            return self.receiveNamedByBody(webhook.at(address), at: now, place, completion)
        }
        switch self.decide(webhook, resolvedTo: resolution, at: now) {
        case .failure(let error):
            self.noteFailure("malformed", webhook.key)
            self.count(.malformed, webhook, resolution)
            completion(.malformed(error))
        case .success(.refuse(let refusal)):
            self.noteFailure(refusal == .revoked ? "revoked" : "unknown", webhook.key)
            self.count(refusal == .revoked ? .revoked : .unknown, webhook, resolution)
            completion(.refused(refusal))
        case .success(.store(let event)):
            guard self.quarantine.admit(event) else {
                self.noteFailure("quarantine full", webhook.key)
                self.count(.notStored, webhook, resolution)
                completion(.quarantineFull)
                return
            }
            let isResolved = resolution != .undecided
            self.store(event, webhook.body, at: place) { stored in
                switch stored {
                case .success:
                    self.noteStored(event, webhook)
                    if isResolved { self.showObserver(event, webhook.key) }
                    completion(IntakeResult(storedAs: event, isResolved: isResolved))
                case .failure(let error):
                    if error != .notShared { self.quarantine.withdraw(event) }
                    self.noteFailure(error.word, webhook.key)
                    self.count(.notStored, webhook, resolution)
                    completion(.notStored(error))
                }
            }
        }
    }

    private func store(
        _ event: AcceptedEvent, _ body: InboundBody, at place: CompletionPlace?,
        _ completion: @escaping EventSpool.Completion
    ) {
        switch body {
        case .bytes: self.spool.append(event, at: place, completion: completion)
        case .long(_, let file): file.store(event, at: place, completion: completion)
        }
    }

    /// Refusals come before the body's syntax: a stranger learns nothing from what we think of his body.
    private func decide(
        _ webhook: InboundWebhook, resolvedTo resolution: Resolution, at now: Date
    ) -> Result<Acceptance, BodyError> {
        switch resolution {
        case _ where webhook.address.target == .body: break
        case .revoked: return .success(.refuse(.revoked))
        case .unknown: return .success(.refuse(.unknown))
        case .deliverable, .held, .undecided: break
        }
        let facts: BodyFacts
        do throws(BodyError) {
            facts = try webhook.body.facts()
        } catch {
            return .failure(error)
        }
        // A probe proves by its own signature where it comes from.
        let isProbe = self.isProbe(webhook, at: now)
        let arrived = ArrivedWebhook(
            address: webhook.address, key: webhook.key, facts: facts, isProbe: isProbe,
            lacksSecondFactor: !isProbe && self.secondFactor.lacks(webhook, resolvedTo: resolution, at: now),
            body: webhook.body.bytes, bodyByteCount: webhook.body.byteCount)
        let stamp = self.ids.stamp(at: now)
        return .success(Acceptance.decide(arrived, resolvedTo: resolution, at: stamp.acceptedAt, id: stamp.id))
    }

    private func showObserver(_ event: AcceptedEvent, _ key: RoutingKey) {
        guard case .instance(let name) = key, event.disposition != .probe, let observer = self.legacyRequests else {
            return
        }
        observer.observed(
            name,
            owner: event.integrationID.map { _ in
                InstanceOwner(organizationID: event.organizationID, clinicID: event.clinicID)
            })
    }

    private func count(_ reason: RefusalReason, _ webhook: InboundWebhook, _ resolution: Resolution) {
        self.refusals.note(
            reason, route: webhook.key.route, instance: resolution.knownInstance(askedBy: webhook.key))
    }

    private func isProbe(_ webhook: InboundWebhook, at now: Date) -> Bool {
        guard let header = webhook.probeHeader else { return false }
        let verdict =
            switch webhook.body {
            case .bytes(let body): ProbeSignature.verify(header, body: body, at: now, with: self.probeKeys())
            case .long(let read, _):
                ProbeSignature.verify(header, bodyDigest: read.sha256, at: now, with: self.probeKeys())
            }
        switch verdict {
        case .valid: return true
        case .invalid, .absent: return false
        }
    }

    private func noteToken(_ tag: TrafficLog.Tag, _ key: RoutingKey) {
        guard case .token(let digest) = key else { return }
        self.log.note(tag, ["token": "\(digest.fingerprint)"])
    }

    private func noteStored(_ event: AcceptedEvent, _ webhook: InboundWebhook) {
        switch event.disposition {
        case .quarantined(let reason):
            self.log.note(.held, ["reason": "\(reason.rawValue)", "event": "\(event.id)"])
        case .undecided:
            self.log.note(.held, ["reason": "undecided", "event": "\(event.id)"])
        case .pending, .probe:
            break
        }
        switch webhook.key {
        case .token(let digest):
            self.log.note(.tokenAsync, ["token": "\(digest.fingerprint)", "event": "\(event.id)"])
        case .instance:
            self.log.note(
                .legacyWebhook,
                ["integration": "\(event.integrationID?.text ?? "unknown")", "event": "\(event.id)"])
        }
    }

    private func noteFailure(_ reason: String, _ key: RoutingKey) {
        switch key {
        case .token(let digest): self.log.note(.failure, ["reason": "\(reason)", "token": "\(digest.fingerprint)"])
        case .instance: self.log.note(.failure, ["reason": "\(reason)", "route": "instance"])
        }
    }
}

extension SpoolError {
    /// For logs: without the system's text of a failed write.
    fileprivate var word: String {
        switch self {
        case .overloaded: "spool overloaded"
        case .full: "spool full"
        case .diskScarce: "disk nearly full"
        case .undecidedFull: "too much undecided"
        case .diskFailed: "disk failed"
        case .notShared: "not in the inbox in time"
        case .closed: "spool closed"
        }
    }
}

extension Resolution {
    /// The instance that the resolution vouches for; nil for a sender whom nobody knows.
    func knownInstance(askedBy key: RoutingKey) -> InstanceName? {
        switch (self, key) {
        case (.deliverable(let entry), _), (.held(let entry?, _), _): entry.instanceName
        case (.held(nil, _), .instance(let name)): name
        case (.held(nil, _), .token), (.revoked, _), (.unknown, _), (.undecided, _): nil
        }
    }
}
