package import FoundationEssentials

/// Where the gates' evidence in the database comes from. Filled by the store.
package protocol CleanupEvidence: Sendable {
    func facts() async throws -> CleanupFacts

    /// Looks at the tables' counters, and keeps a look an hour.
    /// - Returns: those that are kept, in the order of time, and this one as the last of each table.
    func look(at now: Date) async throws -> [TableLook]

    /// Names that the old tables have and no integration has. At most `limit` of them are listed; all are counted.
    func namesWithoutIntegration(limit: Int) async throws -> (names: [InstanceName], total: Int)

    /// The newest verification of the whole fleet; nil where there was none.
    func verification() async throws -> FleetVerification?

    /// Instances that were called on an old URL since `start`; what came for nobody known is not among them.
    func legacyTraffic(since start: Date) async throws -> [LegacyTraffic]
}

/// Says what Evolution has for every name. Nil where no server is configured that could be asked.
package protocol WebhookStandings: Sendable {
    func standings() async throws -> (
        standings: [WebhookStanding], failures: [(server: String, failure: EvolutionFailure)]
    )
}

/// Moves legacy tables away and back, in one transaction each. Filled by the store.
package protocol LegacyArchives: Sendable {
    func all() async throws -> [LegacyArchive]

    /// The name that the next archive would have, and the statements that would make it.
    func draft(of tables: [LegacySource], at now: Date) async throws -> (
        name: ArchiveName, statements: [ArchiveStatement]
    )

    /// Makes an archive: all of it or nothing. Throws ``CleanupError/changedMeanwhile(table:)`` when a table is not
    /// in the state that `mark` stands for.
    func archive(
        _ tables: [LegacySource], as name: ArchiveName, ifStill mark: InventoryMark, at now: Date, audit: AuditEntry
    ) async throws

    func restoration(of archive: LegacyArchive) async throws -> [ArchiveStatement]

    /// Moves the tables back and compares them with what was moved: all of it or nothing.
    /// - Parameter isRehearsal: takes it back after the comparison, and notes when that was.
    func restore(_ archive: LegacyArchive, isRehearsal: Bool, at now: Date, audit: AuditEntry) async throws

    func purging(of archive: LegacyArchive) async throws -> [ArchiveStatement]

    /// Drops the tables: all of them or none.
    func purge(_ archive: LegacyArchive, at now: Date, audit: AuditEntry) async throws
}
