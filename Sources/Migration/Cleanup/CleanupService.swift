import FoundationEssentials
package import HookgateCore

/// `hookgate cleanup`: asks every gate, moves the legacy tables into an archive, moves them back, or drops them.
///
/// Nothing is taken on trust: a run asks every gate again while no migration can begin, and the transaction itself
/// compares the tables with what was verified.
package struct CleanupService: CleanupUseCases {
    /// Everything that is asked, and what moves the tables.
    package struct Ports: Sendable {
        package let evidence: any CleanupEvidence
        package let archives: any LegacyArchives
        package let ledger: any MigrationLedger
        package let inventory: any MigrationInventory
        package let journal: any SwitchOverJournal
        package let coverage: any CoverageHistory
        /// Nil where no Evolution server is configured.
        package let standings: (any WebhookStandings)?
        package let catalog: any IntegrationCatalog

        package init(
            evidence: any CleanupEvidence, archives: any LegacyArchives, ledger: any MigrationLedger,
            inventory: any MigrationInventory, journal: any SwitchOverJournal, coverage: any CoverageHistory,
            standings: (any WebhookStandings)?, catalog: any IntegrationCatalog
        ) {
            self.evidence = evidence
            self.archives = archives
            self.ledger = ledger
            self.inventory = inventory
            self.journal = journal
            self.coverage = coverage
            self.standings = standings
            self.catalog = catalog
        }
    }

    let ports: Ports
    let time: TimeSource

    package init(_ ports: Ports, time: TimeSource) {
        self.ports = ports
        self.time = time
    }

    // MARK: Away

    package func run(
        _ options: CleanupOptions, expecting digest: String?, by actor: String
    ) async throws -> LegacyArchive {
        try await alone {
            let (plan, mark) = try await draft(options)
            guard plan.hasTables else { throw CleanupError.nothingToArchive }
            guard plan.isOpen, let mark else { throw CleanupError.refused(plan.obstacles) }
            if let digest, digest != plan.digest {
                throw CleanupError.planChanged(expected: digest, actual: plan.digest)
            }
            try await ports.archives.archive(
                plan.tables.map(\.source), as: plan.archive, ifStill: mark, at: plan.madeAt,
                audit: try AuditEntry(
                    actor: actor, action: "cleanup.run", subject: plan.archive.text,
                    detail: RunDetail(plan, acceptedReads: options.acceptedReads)))
            return try await archive(plan.archive)
        }
    }

    // MARK: Archives

    package func archives() async throws -> [LegacyArchive] { try await ports.archives.all() }

    package func restoration(of name: ArchiveName) async throws -> [ArchiveStatement] {
        try await ports.archives.restoration(of: try await present(name))
    }

    package func restore(_ name: ArchiveName, by actor: String) async throws -> LegacyArchive {
        try await alone { try await restore(name, isRehearsal: false, by: actor) }
    }

    package func rehearse(_ name: ArchiveName, by actor: String) async throws -> LegacyArchive {
        try await alone { try await restore(name, isRehearsal: true, by: actor) }
    }

    package func purging(of name: ArchiveName) async throws -> [ArchiveStatement] {
        try await ports.archives.purging(of: try await present(name))
    }

    package func purge(_ name: ArchiveName, retention: Duration, by actor: String) async throws -> LegacyArchive {
        try await alone {
            let found = try await present(name)
            let end = found.purgeable(retention: retention)
            guard time.now >= end else { throw CleanupError.retained(name, until: end) }
            // What could not be restored is not dropped either: then something is wrong that nobody knows of.
            let rehearsed = try await restore(name, isRehearsal: true, by: actor)
            try await ports.archives.purge(
                rehearsed, at: time.now,
                audit: try AuditEntry(
                    actor: actor, action: "cleanup.purge", subject: name.text, detail: ArchiveDetail(rehearsed)))
            return try await archive(name)
        }
    }

    private func restore(_ name: ArchiveName, isRehearsal: Bool, by actor: String) async throws -> LegacyArchive {
        let found = try await present(name)
        try await ports.archives.restore(
            found, isRehearsal: isRehearsal, at: time.now,
            audit: try AuditEntry(
                actor: actor, action: isRehearsal ? "cleanup.rehearse" : "cleanup.restore", subject: name.text,
                detail: ArchiveDetail(found)))
        return try await archive(name)
    }

    private func archive(_ name: ArchiveName) async throws -> LegacyArchive {
        let all = try await ports.archives.all()
        guard let found = all.first(where: { $0.name == name }) else {
            throw CleanupError.unknownArchive(name, known: all.map(\.name))
        }
        return found
    }

    /// An archive whose tables are in it.
    private func present(_ name: ArchiveName) async throws -> LegacyArchive {
        let found = try await archive(name)
        guard found.state == .archived else { throw CleanupError.notArchived(name, found.state) }
        return found
    }

    /// While no migration and no other clean-up is at work, nor can begin.
    private func alone<Success: Sendable>(
        _ body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        do {
            return try await ports.ledger.withRunLock(wait: .zero, onWait: {}) {
                try await ports.ledger.closeInterruptedRuns(at: time.now)
                return try await body()
            }
        } catch MigrationError.anotherRunIsActive {
            throw CleanupError.busy
        }
    }
}

/// What the audit log keeps of a run.
private struct RunDetail: Encodable {
    let digest: String
    let tables: [String: Int]
    let gates: [String: String]
    let windowFrom: String
    let acceptedReads: String?

    init(_ plan: CleanupPlan, acceptedReads: String?) {
        self.digest = plan.digest
        self.tables = Dictionary(
            plan.tables.map { ($0.source.rawValue, $0.rows) }, uniquingKeysWith: { first, _ in first })
        self.gates = Dictionary(
            plan.findings.map { ($0.gate.rawValue, $0.summary) }, uniquingKeysWith: { first, _ in first })
        self.windowFrom = plan.window.from.formatted(.iso8601)
        self.acceptedReads = acceptedReads
    }
}

/// What the audit log keeps of what is done with an archive.
private struct ArchiveDetail: Encodable {
    let tables: [String: Int]
    let archivedAt: String

    init(_ archive: LegacyArchive) {
        self.tables = Dictionary(
            archive.tables.map { ($0.source.rawValue, $0.rows) }, uniquingKeysWith: { first, _ in first })
        self.archivedAt = archive.archivedAt.formatted(.iso8601)
    }
}
