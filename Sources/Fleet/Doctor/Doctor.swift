package import HookgateCore

/// Looks for what the old system left wrong, says what to do about it, and repairs what can be repaired without
/// deciding anything.
package struct Doctor: Sendable {
    private let evidence: any DoctorEvidenceSource
    private let repairs: any DoctorRepairs
    private let time: TimeSource

    package init(evidence: any DoctorEvidenceSource, repairs: any DoctorRepairs, time: TimeSource) {
        self.evidence = evidence
        self.repairs = repairs
        self.time = time
    }

    /// Reads only.
    /// - Parameter limit: how many things of a kind are listed; all are counted.
    package func diagnose(
        _ checks: [DoctorCheck], limit: Int, observe: (DoctorFinding) throws -> Void
    ) async throws -> DoctorReport {
        var report = DoctorReport()
        try await evidence.collect(checks, limit: limit, now: time.now) { check, evidence in
            let finding = DoctorFinding(check, evidence)
            report.count(finding)
            try observe(finding)
        }
        return report
    }

    /// What ``repair(_:limit:observe:)`` would change now; changes nothing.
    package func preview(
        _ checks: [DoctorCheck], limit: Int, observe: (DoctorChange) throws -> Void
    ) async throws {
        for fix in Self.fixes(of: checks) {
            let change = try await repairs.preview(fix, limit: limit)
            if change.total > 0 { try observe(change) }
        }
    }

    /// Makes the repairs of these checks, in their order. One that fails ends it; those before it stay.
    package func repair(
        _ checks: [DoctorCheck], limit: Int, observe: (DoctorChange) throws -> Void
    ) async throws {
        for fix in Self.fixes(of: checks) {
            let change = try await repairs.make(fix, limit: limit, at: time.now)
            if change.total > 0 { try observe(change) }
        }
    }

    private static func fixes(of checks: [DoctorCheck]) -> [DoctorFix] {
        let wanted = Set(checks.compactMap(\.fix))
        return DoctorFix.allCases.filter(wanted.contains)
    }
}
