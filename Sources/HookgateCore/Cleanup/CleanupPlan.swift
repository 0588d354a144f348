import Crypto
package import FoundationEssentials

/// What `hookgate cleanup plan` says: every gate with its evidence, and what a run would do.
package struct CleanupPlan: Sendable, Equatable {
    /// One table that a run would move, as it stands.
    package struct Table: Sendable, Equatable {
        package let source: LegacySource
        package let rows: Int
        package let bytes: Int

        package init(source: LegacySource, rows: Int, bytes: Int) {
            self.source = source
            self.rows = rows
            self.bytes = bytes
        }
    }

    package let madeAt: Date
    /// Throughout which no legacy traffic may have come.
    package let window: CoverageInterval
    /// One for each gate, in the gates' order.
    package let findings: [CleanupFinding]
    /// Those of the six that are there.
    package let tables: [Table]
    /// What they would be moved into.
    package let archive: ArchiveName
    /// The transaction, statement by statement.
    package let statements: [ArchiveStatement]
    /// Stands for what a run would do: two plans with one digest move the same tables in the same way.
    package let digest: String
    /// What was archived before, newest first.
    package let archives: [LegacyArchive]

    package init(
        madeAt: Date, window: CoverageInterval, findings: [CleanupFinding], tables: [Table], archive: ArchiveName,
        statements: [ArchiveStatement], digest: String, archives: [LegacyArchive]
    ) {
        self.madeAt = madeAt
        self.window = window
        self.findings = findings
        self.tables = tables
        self.archive = archive
        self.statements = statements
        self.digest = digest
        self.archives = archives
    }

    /// SHA-256 over the statements, in hexadecimal; the archive's name stands in them.
    package static func digest(of statements: [ArchiveStatement]) -> String {
        var hash = SHA256()
        for statement in statements { hash.update(data: Array(statement.sql.utf8) + [0]) }
        return Hexadecimal.encode(hash.finalize())
    }

    /// Whether every gate holds.
    package var isOpen: Bool { findings.allSatisfy { $0.state == .met } }

    /// Whether there is anything to move.
    package var hasTables: Bool { !tables.isEmpty }

    /// Those that do not hold.
    package var obstacles: [CleanupFinding] { findings.filter { $0.state != .met } }
}

/// One statement of the transaction that moves tables.
package struct ArchiveStatement: Sendable, Equatable {
    package let sql: String
    /// What stands for its parameters, where it has any.
    package let note: String?

    package init(_ sql: String, note: String? = nil) {
        self.sql = sql
        self.note = note
    }
}

extension LegacySource {
    /// The six that a clean-up moves. `public.integrations` holds other kinds of integration, and
    /// `core.whatsapp_conversations` is patients' history: these two stay where they are.
    package static let archived: [LegacySource] = [
        .evolutionInstances, .evolutionIntegrations, .businessAccounts, .businessConfig, .businessConfigs,
        .clinicConfig,
    ]
}
