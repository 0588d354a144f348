package import HookgateCore

/// The life of integrations; see ``IntegrationUseCases``.
package struct IntegrationKeeper: IntegrationUseCases {
    let store: any IntegrationStore
    let servers: ServerSet
    let secondFactors: any SecondFactorUseCases
    let policy: SecondFactorPolicy
    let probe: any SwitchOverProbe
    let publicURL: PublicURL
    let time: TimeSource
    let pause: @Sendable (Duration) async throws -> Void
    /// Bytes for secrets and ids.
    let random: @Sendable (Int) -> [UInt8]
    /// Before each step: the place at which a test lets the process die.
    let willTake: @Sendable (String) throws -> Void

    /// How long a second click waits for the first.
    static let longestWait = Duration.seconds(60)

    package init(
        store: any IntegrationStore, servers: [any EvolutionServer], secondFactors: any SecondFactorUseCases,
        policy: SecondFactorPolicy, probe: any SwitchOverProbe, publicURL: PublicURL, time: TimeSource,
        clock: some Clock<Duration> = ContinuousClock(), random: @escaping @Sendable (Int) -> [UInt8],
        willTake: @escaping @Sendable (String) throws -> Void = { _ in }
    ) {
        self.store = store
        self.servers = ServerSet(servers)
        self.secondFactors = secondFactors
        self.policy = policy
        self.probe = probe
        self.publicURL = publicURL
        self.time = time
        self.pause = { try await clock.sleep(for: $0) }
        self.random = random
        self.willTake = willTake
    }

    package var serverNames: [String] { servers.all.map(\.name) }

    package func integration(_ id: IntegrationID) async throws -> IntegrationSummary? {
        try await store.integration(id)
    }

    package func webhookURL(_ subject: String) async throws -> String? {
        let integration = try await find(subject)
        return try await store.token(of: integration.id).map { publicURL.webhookURL(token: $0) }
    }

    package func list(_ query: IntegrationQuery) async throws -> IntegrationPage {
        try await store.page(query)
    }

    package func show(_ subject: String) async throws -> IntegrationDetail {
        let integration = try await find(subject)
        let token = try await store.token(of: integration.id)
        let (view, sharers) = await look(at: integration, token)
        return IntegrationDetail(
            integration: integration, maskedWebhookURL: token.map { publicURL.maskedWebhookURL(token: $0) },
            tokenFingerprint: token?.digest.fingerprint,
            history: try await store.history(of: integration.id, limit: IntegrationDetail.longestHistory),
            evolution: view, sharingNumber: try await named(sharers))
    }

    package func setEnabled(
        _ isEnabled: Bool, _ subject: String, isDryRun: Bool, actor: String
    ) async throws -> IntegrationSummary {
        var integration = try await find(subject)
        if integration.isEnabled != isEnabled, !isDryRun {
            guard try await store.setEnabled(isEnabled, integration.id, actor: actor, at: time.now) else {
                throw IntegrationError.unknown(try await store.instanceNames())
            }
        }
        integration.isEnabled = isEnabled
        return integration
    }

    package func test(_ subject: String) async throws -> IntegrationTest {
        let integration = try await find(subject)
        let token = try await store.token(of: integration.id)
        var failure: ProbeFailure? = .notAToken
        if let token {
            do {
                try await probe.prove(token)
                failure = nil
            } catch {
                failure = error
            }
        }
        return IntegrationTest(
            integration: integration, probeFailure: failure, evolution: await look(at: integration, token).view)
    }

    /// The one integration that a subject names. Where it is one's id and another's instance, it names none: whoever
    /// gives an id must not be led elsewhere by a name that somebody has chosen.
    func find(_ subject: String) async throws -> IntegrationSummary {
        var found = try await store.integrations(named: InstanceName(subject))
        if let id = IntegrationID(subject), let integration = try await store.integration(id),
            !found.contains(where: { $0.id == id })
        {
            found.append(integration)
        }
        if found.count > 1 { throw IntegrationError.ambiguousName(found.map(\.id)) }
        if let integration = found.first { return integration }
        throw IntegrationError.unknown(try await store.instanceNames())
    }

    /// Runs `body` while nobody else is at this instance.
    func exclusively<T: Sendable>(
        _ name: InstanceName, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        guard let result = try await store.exclusively(name, wait: Self.longestWait, body) else {
            throw IntegrationError.busy(name)
        }
        return result
    }
}
