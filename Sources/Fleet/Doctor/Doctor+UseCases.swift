package import HookgateCore

extension Doctor: DoctorUseCases {
    package func findings(_ checks: [DoctorCheck], limit: Int) async throws -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        _ = try await diagnose(checks, limit: limit) { findings.append($0) }
        return findings
    }
}
