import FoundationEssentials
package import HookgateCore

extension CleanupService {
    /// Names without an integration that are listed.
    private static let mostNames = 200

    package func plan(_ options: CleanupOptions) async throws -> CleanupPlan {
        try await draft(options).plan
    }

    /// The plan, and the mark of the tables that it was made from; nil while the schema is not there.
    func draft(_ options: CleanupOptions) async throws -> (plan: CleanupPlan, mark: InventoryMark?) {
        let now = time.now
        let window = CoverageInterval(
            from: now.addingTimeInterval(-TimeInterval(options.window.components.seconds)), until: now)
        let facts = try await ports.evidence.facts()
        guard facts.pendingSchema.isEmpty else { return (unasked(facts, window), nil) }
        // Before anything of ours reads the tables.
        let looks = try await ports.evidence.look(at: now)
        let mark = try await ports.inventory.mark()
        let findings = try await findings(
            facts, looks: looks, mark: mark, window: window, options: options, at: now)
        let sources = facts.tables.map(\.source)
        let (name, statements) = try await ports.archives.draft(of: sources, at: now)
        let plan = CleanupPlan(
            madeAt: now, window: window, findings: findings, tables: facts.tables, archive: name,
            statements: sources.isEmpty ? [] : statements, digest: CleanupPlan.digest(of: statements),
            archives: try await ports.archives.all())
        return (plan, mark)
    }

    private func findings(
        _ facts: CleanupFacts, looks: [TableLook], mark: InventoryMark, window: CoverageInterval,
        options: CleanupOptions, at now: Date
    ) async throws -> [CleanupFinding] {
        let evolution = try await ports.standings?.standings()
        let standings = evolution?.standings ?? []
        let entries = try await ports.journal.newest(of: nil)
        let switched = Dictionary(
            entries.filter { $0.kind == .switchOver }.compactMap { entry in entry.setAt.map { (entry.instance, $0) } },
            uniquingKeysWith: max)
        return [
            CleanupGates.schema(facts),
            CleanupGates.migrationIdle(try await ports.ledger.runs(limit: 1)),
            CleanupGates.instances(
                try await ports.evidence.verification(), markNow: mark,
                unmatched: try await ports.evidence.namesWithoutIntegration(limit: Self.mostNames)),
            CleanupGates.switchOvers(entries, integrations: try await integrationNames(), standings: standings),
            CleanupGates.webhooks(
                standings, failures: evolution?.failures ?? [], isAsked: evolution != nil, at: now),
            CleanupGates.legacyTraffic(
                try await ports.evidence.legacyTraffic(since: window.from), switched: switched, window: window),
            CleanupGates.observation(try await ports.coverage.report(from: window.from, until: window.until)),
            CleanupGates.dependents(facts),
            CleanupGates.readers(looks, accepted: options.acceptedReads, at: now),
        ]
    }

    private func integrationNames() async throws -> Set<InstanceName> {
        var names: Set<InstanceName> = []
        try await ports.catalog.forEachPage(clinic: nil) { names.formUnion($0.compactMap(\.instanceName)) }
        return names
    }

    /// Without the schema there is nothing that the other gates could be asked of.
    private func unasked(_ facts: CleanupFacts, _ window: CoverageInterval) -> CleanupPlan {
        let findings = CleanupGate.allCases.map { gate in
            gate == .schema
                ? CleanupGates.schema(facts) : CleanupFinding(gate, .unknown, "the schema must be applied first")
        }
        return CleanupPlan(
            madeAt: window.until, window: window, findings: findings, tables: facts.tables,
            archive: ArchiveName(at: window.until, taken: []), statements: [], digest: CleanupPlan.digest(of: []),
            archives: [])
    }
}
