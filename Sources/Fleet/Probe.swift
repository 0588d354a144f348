package import HookgateCore

/// `hookgate test`: proves one token's way from the URL to the inbox, step by step.
package struct Probe: Sendable {
    package typealias Step = ProbeStep

    package struct Report: Sendable {
        package let integration: IntegrationRecord
        package let eventID: EventID
        /// What the destination answered; nil where nobody asked for it.
        package let delivery: ProbeProgress.Attempt?
        package let latencies: [(step: Step, duration: Duration)]
    }

    /// How often, and in all how long, is asked what became of the probe.
    package struct Patience: Sendable {
        package let attempts: Int
        package let pause: Duration

        package init(attempts: Int, pause: Duration) {
            self.attempts = attempts
            self.pause = pause
        }

        package static let standard = Patience(attempts: 100, pause: .milliseconds(100))
        /// Longer than an attempt may take.
        package static let ofDelivery = Patience(attempts: 250, pause: .milliseconds(100))
    }

    let routing: any RoutingSource
    let catalog: any IntegrationCatalog
    private let sender: any ProbeSender
    private let evidence: any ProbeEvidence
    private let deliveries: (any ProbeDeliveries)?
    let time: TimeSource
    private let patience: Patience

    /// - Parameter deliveries: nil where the probe ends in the inbox.
    package init(
        routing: any RoutingSource, catalog: any IntegrationCatalog, sender: any ProbeSender,
        evidence: any ProbeEvidence, deliveries: (any ProbeDeliveries)? = nil, time: TimeSource,
        patience: Patience = .standard
    ) {
        self.routing = routing
        self.catalog = catalog
        self.sender = sender
        self.evidence = evidence
        self.deliveries = deliveries
        self.time = time
        self.patience = patience
    }

    /// Posts one signed probe and follows it. Throws ``ProbeFailure`` with the reason at the first step that fails.
    /// - Parameters:
    ///   - nonce: makes this probe unlike every other; 16 hexadecimal digits or more.
    ///   - passed: is told of each step that it came through.
    package func run(
        token text: String, at base: PublicURL, nonce: String, passed: (Step, Duration) -> Void = { _, _ in }
    ) async throws -> Report {
        let stopwatch = ContinuousClock()
        var latencies: [(step: Step, duration: Duration)] = []
        func measured<T>(_ step: Step, _ work: () async throws -> T) async throws -> T {
            let start = stopwatch.now
            let value = try await work()
            let took = start.duration(to: stopwatch.now)
            latencies.append((step, took))
            passed(step, took)
            return value
        }
        guard let token = WebhookToken(text) else { throw ProbeFailure.notAToken }
        let entry = try await measured(.known) { try await resolve(token) }
        let id = try await measured(.posted) {
            try await post(to: base.webhookURL(token: token), nonce: nonce, expecting: entry)
        }
        let stored = try await measured(.stored) { try await waitForInbox(id) }
        let integration = try await measured(.resolved) { try await confirm(stored, entry) }
        var delivery: ProbeProgress.Attempt?
        if let deliveries { delivery = try await measured(.delivered) { try await deliver(id, by: deliveries) } }
        return Report(integration: integration, eventID: id, delivery: delivery, latencies: latencies)
    }

    private func deliver(_ id: EventID, by deliveries: any ProbeDeliveries) async throws -> ProbeProgress.Attempt {
        try await deliveries.begin(id)
        for _ in 0..<Patience.ofDelivery.attempts {
            let progress = try await deliveries.progress(of: id)
            switch (progress?.state, progress?.attempt) {
            case (.delivered, let attempt?): return attempt
            case (.filtered, _): throw ProbeFailure.filtered(reason: progress?.reason ?? "")
            case (_, let attempt?):
                // A person waits for an answer, and this is one: it is not tried again behind their back.
                try await deliveries.withdraw(id)
                throw ProbeFailure.notTaken(attempt)
            // The attempt is another process's, which tells nobody here of it.
            case (_, nil): try await Task.sleep(for: Patience.ofDelivery.pause)
            }
        }
        try await deliveries.withdraw(id)
        throw ProbeFailure.notDelivered
    }

    private func resolve(_ token: WebhookToken) async throws -> RoutingEntry {
        let fact = try await routing.fact(for: .token(token.digest))
        switch Resolution(fact, at: time.now) {
        case .deliverable(let entry): return entry
        case .held(_, let reason): throw ProbeFailure.held(reason)
        case .revoked: throw ProbeFailure.revokedToken
        case .unknown, .undecided: throw ProbeFailure.unknownToken
        }
    }

    func post(to url: String, nonce: String, expecting entry: RoutingEntry) async throws -> EventID {
        let body = try ProbeBody(nonce: nonce, instance: entry.instanceName).encoded()
        let signature = ProbeSignature.sign(body, at: time.now, nonce: nonce, with: try await evidence.signingKey())
        let answer = try await sender.post(
            ProbeRequest(
                url: url,
                headers: [("content-type", "application/json"), (ProbeSignature.headerName, signature)],
                body: body))
        guard answer.status == 200 else { throw ProbeFailure.refused(status: answer.status) }
        guard let id = AcceptanceAnswer(answer.body)?.eventID else { throw ProbeFailure.notHookgate }
        return id
    }

    func waitForInbox(_ id: EventID) async throws -> StoredProbe {
        for _ in 0..<patience.attempts {
            if let stored = try await evidence.storedProbe(id) { return stored }
            // The inbox tells nobody of a new row; a person waits here for a moment at most.
            try await Task.sleep(for: patience.pause)
        }
        throw ProbeFailure.notStored(id)
    }

    func confirm(_ stored: StoredProbe, _ entry: RoutingEntry) async throws -> IntegrationRecord {
        guard stored.integrationID == entry.integrationID else { throw ProbeFailure.wrongIntegration }
        guard stored.state == .probe else { throw ProbeFailure.notRecognised(stored.state) }
        guard let integration = try await catalog.integration(entry.integrationID) else {
            throw ProbeFailure.unknownToken
        }
        return integration
    }
}
