package import FoundationEssentials

/// Where the doctor's evidence comes from. Filled by the store; reads only.
package protocol DoctorEvidenceSource: Sendable {
    /// Hands over the evidence on each check, in order, all of it from one picture of the database.
    /// - Parameter limit: how many things of a kind are listed; all are counted.
    func collect(
        _ checks: [DoctorCheck], limit: Int, now: Date,
        observe: (DoctorCheck, DoctorEvidence) async throws -> Void
    ) async throws
}

/// Makes the doctor's repairs. Filled by the store.
package protocol DoctorRepairs: Sendable {
    /// What ``make(_:at:)`` would change; changes nothing.
    func preview(_ fix: DoctorFix, limit: Int) async throws -> DoctorChange

    /// Makes the repair in transactions of bounded size, each with its entry in the audit log.
    func make(_ fix: DoctorFix, limit: Int, at now: Date) async throws -> DoctorChange
}
