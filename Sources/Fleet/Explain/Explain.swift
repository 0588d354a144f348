import FoundationEssentials
package import HookgateCore

/// `hookgate explain`: follows a token, a URL, a name or an event through every step that a gateway takes, and says
/// what each of them knows. It never prints a token.
package struct Explain: Sendable {
    /// Everything that is asked.
    package struct Ports: Sendable {
        package let routing: any RoutingSource
        package let catalog: any IntegrationCatalog
        package let evidence: any ExplainEvidence
        package let quarantine: any QuarantineStore
        package let gateway: any RunningGateway

        package init(
            routing: any RoutingSource, catalog: any IntegrationCatalog, evidence: any ExplainEvidence,
            quarantine: any QuarantineStore, gateway: any RunningGateway
        ) {
            self.routing = routing
            self.catalog = catalog
            self.evidence = evidence
            self.quarantine = quarantine
            self.gateway = gateway
        }
    }

    /// How far back it is told whether gateways were listening: as long as a fleet is observed before its clean-up.
    private static let window: TimeInterval = 14 * 24 * 3_600

    let ports: Ports
    private let limits: QuarantineLimits
    private let secondFactor: SecondFactorPolicy
    let time: TimeSource

    package init(
        _ ports: Ports, limits: QuarantineLimits, secondFactor: SecondFactorPolicy = SecondFactorPolicy(),
        time: TimeSource
    ) {
        self.ports = ports
        self.limits = limits
        self.secondFactor = secondFactor
        self.time = time
    }

    /// Nil when the text can be nothing that hookgate knows.
    package func run(_ text: String) async throws -> Explanation? {
        switch ExplainSubject(text) {
        case .nothing: return nil
        case .body: return Self.bodyRouted
        case .otherPath: return Self.otherPath
        case .impossibleToken: return Self.impossibleToken
        case .event(let id):
            if let explanation = try await event(id) { return explanation }
            return try await nameOrToken(text)
        case .token(let token, let suffix): return try await self.token(token, suffix: suffix)
        case .instance(let name, let suffix): return try await instance(name, suffix: suffix)
        case .nameOrToken(let text): return try await nameOrToken(text)
        }
    }

    // MARK: What needs nobody's word

    private static var otherPath: Explanation {
        var explanation = Explanation()
        explanation.add("Read", "a path that is no webhook's")
        explanation.answer = ExpectedAnswer(
            httpStatus: 404, why: "webhooks come to /webhooks/evolution/whatsapp/TOKEN or /webhooks/evolution/INSTANCE")
        explanation.remedy = "Set the URL that `hookgate tokens --reveal` prints."
        explanation.needsAttention = true
        return explanation
    }

    private static var bodyRouted: Explanation {
        var explanation = Explanation()
        explanation.add("Read", "one of the oldest URLs: it names nobody, so the body's word would have to be taken")
        explanation.answer = ExpectedAnswer(
            httpStatus: 200, status: "quarantined", reason: .bodyRouted, why: QuarantineReason.bodyRouted.explanation)
        explanation.remedy = QuarantineReason.bodyRouted.remedy
        explanation.needsAttention = true
        return explanation
    }

    private static var impossibleToken: Explanation {
        var explanation = Explanation()
        explanation.add("Read", "a token")
        explanation.add("Checksum", "wrong: a character is missing or changed, so this token was never given out")
        explanation.answer = ExpectedAnswer(httpStatus: 404, why: "its checksum refuses it before anybody is asked")
        explanation.remedy = "Copy the token again: hookgate tokens --reveal"
        explanation.needsAttention = true
        return explanation
    }

    // MARK: Tokens and names

    private func token(_ token: WebhookToken, suffix: String?) async throws -> Explanation {
        let digest = token.digest
        var explanation = Explanation()
        explanation.add("Read", "a token, fingerprint \(digest.fingerprint)\(Self.byEvents(suffix))")
        explanation.add("Checksum", token.isChecksummed ? "holds" : "none: a token of the old system")
        explanation.add("Memory", await memory())
        let fact = try await ports.routing.fact(for: .token(digest))
        explanation.add("PostgreSQL", Self.words(fact))
        if let history = try await ports.evidence.tokenHistory(digest) {
            explanation.add("Ledger", Self.words(history))
        } else {
            explanation.add("Ledger", "never held by any integration")
        }
        return try await decided(explanation, fact, name: nil)
    }

    private func instance(_ name: InstanceName, suffix: String?) async throws -> Explanation {
        let fact = try await ports.routing.fact(for: .instance(name))
        let mentions = try await ports.evidence.legacyMentions(of: name)
        let isKnown = fact != .nothing || mentions.contains { ($0.rows ?? 0) > 0 }
        var explanation = Explanation()
        // A name that nobody has may be a token on the wrong path.
        explanation.add(
            "Read", (isKnown ? "the instance \(name)" : "a name that no integration has") + Self.byEvents(suffix))
        explanation.add("Memory", await memory())
        explanation.add("PostgreSQL", Self.words(fact))
        explanation.add("Legacy tables", Self.words(mentions))
        explanation = try await decided(explanation, fact, name: name)
        if !isKnown, let token = WebhookToken(name.text), try await ports.evidence.tokenHistory(token.digest) != nil {
            explanation.add("Note", "it is a token, on the path of names; fingerprint \(token.digest.fingerprint)")
            explanation.remedy = "Put /whatsapp/ before it: …/webhooks/evolution/whatsapp/TOKEN"
        }
        return explanation
    }

    /// Whichever of the two it proves to be; its text is said only once it is a name.
    private func nameOrToken(_ text: String) async throws -> Explanation {
        if let token = WebhookToken(text), try await ports.evidence.tokenHistory(token.digest) != nil {
            return try await self.token(token, suffix: nil)
        }
        return try await instance(InstanceName(text), suffix: nil)
    }

    /// The steps that all look-ups end with.
    private func decided(_ before: Explanation, _ fact: RoutingFact, name: InstanceName?) async throws -> Explanation {
        var explanation = before
        let resolution = Resolution(fact, at: time.now)
        let holder = QuarantineHolder(integrationID: resolution.entry?.integrationID, instanceName: name)
        if let entry = resolution.entry {
            explanation.add("Integration", try await words(entry))
            let tallies = try await ports.evidence.secondFactorTallies(of: entry.integrationID)
            explanation.add("Second factor", Self.words(entry, secondFactor, tallies, at: time.now))
        }
        if let name = resolution.entry?.instanceName ?? name {
            try await addTraffic(of: name, to: &explanation)
        }
        let held = holder == .nobody ? nil : try await ports.evidence.held(of: holder)
        if let held, held.events > 0 {
            explanation.add("Held back", "\(held.events) of at most \(limits.events) events: hookgate quarantine list")
        }
        let answer = ExpectedAnswer(
            resolution, held: held, limits: limits,
            enforcesFactor: resolution.entry.map(secondFactor.enforces) ?? false)
        explanation.answer = answer
        explanation.needsAttention = answer.needsAttention
        explanation.remedy = Self.remedy(resolution)
        return explanation
    }

    /// What came, what was refused, and whether somebody was there to notice.
    private func addTraffic(of name: InstanceName, to explanation: inout Explanation) async throws {
        if let sightings = try await ports.evidence.sightings(of: name) {
            explanation.add(
                "Traffic", "token route \(sightings.words(.token)), legacy route \(sightings.words(.instance))")
            if let oldWay = sightings.oldWay { explanation.add("Old way", "\(oldWay)".printable) }
        }
        let refusals = try await ports.evidence.refusals(of: name)
        if !refusals.isEmpty { explanation.add("Refused", refusals.map(\.description).joined(separator: "; ")) }
        let now = time.now
        let start = now.addingTimeInterval(-Self.window)
        if let coverage = try await ports.evidence.coverage(from: start, until: now) {
            explanation.add("Listening", coverage.words)
        }
    }

    private func memory() async -> String {
        switch await ports.gateway.word() {
        case .nobodyAnswers(let address): "no gateway answers at \(address); what one has in memory cannot be told"
        case .routing(let address, "ok", _):
            "the gateway at \(address) has everything in memory and hears of changes: it answers as PostgreSQL does"
        case .routing(let address, let state, let detail):
            "the gateway at \(address) is \(state): \(detail ?? "it may answer from older knowledge")"
        }
    }

    private func words(_ entry: RoutingEntry) async throws -> String {
        let record = try await ports.catalog.integration(entry.integrationID)
        return [
            "\(entry.integrationID)", entry.instanceName.map { "instance \($0)" } ?? "no instance name",
            entry.clinicID.map { "clinic \($0)" } ?? "no clinic", record?.clinicName,
            entry.isEnabled ? "enabled" : "disabled", record?.status.map { "status \($0)" },
            "revision \(entry.revision)",
        ].compactMap { $0 }.joined(separator: ", ").printable
    }
}
