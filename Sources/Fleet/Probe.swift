package import HookgateCore

/// `hookgate test`: proves one token's way from the URL to the inbox, step by step.
package struct Probe: Sendable {
    package enum Step: String, Sendable, CaseIterable {
        /// The token resolves to an integration in the database.
        case known
        /// The gateway answered 200 with an event id: the probe is on its disk.
        case posted
        /// The event is in the inbox.
        case stored
        /// The inbox has it under the expected integration.
        case resolved
    }

    package struct Report: Sendable {
        package let integration: IntegrationRecord
        package let eventID: EventID
        package let latencies: [(step: Step, duration: Duration)]
    }

    /// How often, and in all how long, the inbox is asked for the probe.
    package struct Patience: Sendable {
        package let attempts: Int
        package let pause: Duration

        package init(attempts: Int, pause: Duration) {
            self.attempts = attempts
            self.pause = pause
        }

        package static let standard = Patience(attempts: 100, pause: .milliseconds(100))
    }

    private let routing: any RoutingSource
    private let catalog: any IntegrationCatalog
    private let sender: any ProbeSender
    private let evidence: any ProbeEvidence
    private let time: TimeSource
    private let patience: Patience

    package init(
        routing: any RoutingSource, catalog: any IntegrationCatalog, sender: any ProbeSender,
        evidence: any ProbeEvidence, time: TimeSource, patience: Patience = .standard
    ) {
        self.routing = routing
        self.catalog = catalog
        self.sender = sender
        self.evidence = evidence
        self.time = time
        self.patience = patience
    }

    /// Posts one signed probe and follows it. Throws ``ProbeFailure`` with the reason at the first step that fails.
    /// - Parameter nonce: makes this probe unlike every other; 16 hexadecimal digits or more.
    package func run(token text: String, at base: PublicURL, nonce: String) async throws -> Report {
        let stopwatch = ContinuousClock()
        var latencies: [(step: Step, duration: Duration)] = []
        func measured<T>(_ step: Step, _ work: () async throws -> T) async throws -> T {
            let start = stopwatch.now
            let value = try await work()
            latencies.append((step, start.duration(to: stopwatch.now)))
            return value
        }
        guard let token = WebhookToken(text) else { throw ProbeFailure.notAToken }
        let entry = try await measured(.known) { try await resolve(token) }
        let id = try await measured(.posted) { try await post(token, to: base, nonce: nonce, expecting: entry) }
        let stored = try await measured(.stored) { try await waitForInbox(id) }
        let integration = try await measured(.resolved) { try await confirm(stored, entry) }
        return Report(integration: integration, eventID: id, latencies: latencies)
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

    private func post(
        _ token: WebhookToken, to base: PublicURL, nonce: String, expecting entry: RoutingEntry
    ) async throws -> EventID {
        let body = try ProbeBody(nonce: nonce, instance: entry.instanceName).encoded()
        let signature = ProbeSignature.sign(body, at: time.now, nonce: nonce, with: try await evidence.signingKey())
        let answer = try await sender.post(
            ProbeRequest(
                url: base.webhookURL(token: token),
                headers: [("content-type", "application/json"), (ProbeSignature.headerName, signature)],
                body: body))
        guard answer.status == 200 else { throw ProbeFailure.refused(status: answer.status) }
        guard let id = AcceptanceAnswer(answer.body)?.eventID else { throw ProbeFailure.notHookgate }
        return id
    }

    private func waitForInbox(_ id: EventID) async throws -> StoredProbe {
        for _ in 0..<patience.attempts {
            if let stored = try await evidence.storedProbe(id) { return stored }
            // The inbox tells nobody of a new row; a person waits here for a moment at most.
            try await Task.sleep(for: patience.pause)
        }
        throw ProbeFailure.notStored(id)
    }

    private func confirm(_ stored: StoredProbe, _ entry: RoutingEntry) async throws -> IntegrationRecord {
        guard stored.integrationID == entry.integrationID else { throw ProbeFailure.wrongIntegration }
        guard stored.state == .probe else { throw ProbeFailure.notRecognised(stored.state) }
        guard let integration = try await catalog.integration(entry.integrationID) else {
            throw ProbeFailure.unknownToken
        }
        return integration
    }
}
