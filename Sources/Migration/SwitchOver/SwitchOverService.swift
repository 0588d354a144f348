package import HookgateCore

/// `hookgate webhooks`: what Evolution has, the switch-over, and the way back.
///
/// Waits for events run side by side: a thousand quiet clinics take one wait.
package struct SwitchOverService: SwitchOverUseCases {
    let servers: [any EvolutionServer]
    let catalog: any IntegrationCatalog
    let migration: any MigrationUseCases
    let journal: any SwitchOverJournal
    let traffic: any SwitchOverTraffic
    let probe: any SwitchOverProbe
    let armament: SecondFactorArmament
    let renewal: TokenRenewal
    let publicURL: PublicURL
    let time: TimeSource
    let pause: @Sendable (Duration) async throws -> Void
    let willTake: @Sendable (String) throws -> Void

    /// Calls under way at the same time, over all servers.
    static let width = 5
    /// How often the inbox is asked for first events.
    static let trafficPause = Duration.seconds(2)

    package init(
        servers: [any EvolutionServer], catalog: any IntegrationCatalog, migration: any MigrationUseCases,
        journal: any SwitchOverJournal, traffic: any SwitchOverTraffic, probe: any SwitchOverProbe,
        secondFactors: any SecondFactorUseCases, tokens: any TokenLedger, actor: String, publicURL: PublicURL,
        time: TimeSource, clock: some Clock<Duration> = ContinuousClock(),
        willTake: @escaping @Sendable (String) throws -> Void = { _ in }
    ) {
        self.servers = servers
        self.catalog = catalog
        self.migration = migration
        self.journal = journal
        self.traffic = traffic
        self.probe = probe
        self.armament = SecondFactorArmament(factors: secondFactors, actor: actor)
        self.renewal = TokenRenewal(ledger: tokens, base: publicURL)
        self.publicURL = publicURL
        self.time = time
        self.pause = { try await clock.sleep(for: $0) }
        self.willTake = willTake
    }

    /// What can be switched over: integrations whose name stands once and whose token is valid.
    /// - Parameter names: only these, when given.
    package func targets(_ names: [InstanceName]?) async throws -> [SwitchOverTarget] {
        let wanted = names.map(Set.init)
        var found: [InstanceName: [SwitchOverTarget]] = [:]
        try await catalog.forEachPage(clinic: nil) { page in
            for record in page {
                guard let name = record.instanceName, wanted?.contains(name) ?? true,
                    let token = record.tokenText.flatMap({ WebhookToken($0) })
                else { continue }
                // A name that stands twice belongs to nobody until a person has decided.
                found[name, default: []].append(
                    SwitchOverTarget(instance: name, integrationID: record.id, title: record.title, token: token))
            }
        }
        return found.values.compactMap { $0.count == 1 ? $0[0] : nil }.sorted { $0.instance < $1.instance }
    }

    func stepper(on server: any EvolutionServer) -> SwitchOverStepper {
        SwitchOverStepper(
            server: server, journal: journal, probe: probe, armament: armament, time: time, pause: pause,
            willTake: willTake)
    }
}
