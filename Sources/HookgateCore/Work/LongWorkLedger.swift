package import FoundationEssentials

/// Long work that outlives the process which began it. Filled by the store.
///
/// Everything that a holder writes is fenced: once another has taken the work over, it changes nothing.
package protocol LongWorkLedger: Sendable {
    /// Writes down that work begins, held by whoever writes it, unless one of its kind is open.
    /// - Parameter entry: for the audit log, in the same transaction; nil for what changes nothing.
    func begin(
        _ draft: LongWorkDraft, noting entry: AuditEntry?, by holder: UUID, until end: Date, at now: Date
    ) async throws -> LongWorkBeginning

    /// The newest of each kind.
    func newest() async throws -> [LongWorkRecord]

    /// Holds it for longer, and keeps what it has come to.
    /// - Returns: what was asked of it; nil when the lease is another's.
    func keep(
        _ lease: LongWorkLease, report: String, until end: Date, at now: Date
    ) async throws -> LongWorkRecord.State?

    /// Writes down how it ended: done, stopped or failed.
    /// - Returns: false when the lease is another's.
    func end(
        _ lease: LongWorkLease, as state: LongWorkRecord.State, error: String?, report: String, at now: Date
    ) async throws -> Bool

    /// Lets somebody else go on with it at once.
    /// - Parameter isInGoodOrder: whether nothing went wrong, so that this try does not count.
    func giveBack(_ lease: LongWorkLease, isInGoodOrder: Bool, report: String, at now: Date) async throws

    /// Asks whoever holds it to leave off.
    func stop(_ id: LongWorkID, at now: Date) async throws

    /// What is open and nobody holds.
    func abandoned(at now: Date) async throws -> [LongWorkRecord]

    /// Takes over what nobody holds, as it was seen.
    /// - Parameter entry: as in ``begin(_:noting:by:until:at:)``; nil where it is only to be ended.
    /// - Returns: nil when somebody was quicker.
    func takeOver(
        _ record: LongWorkRecord, noting entry: AuditEntry?, by holder: UUID, until end: Date, at now: Date
    ) async throws -> LongWorkLease?
}
