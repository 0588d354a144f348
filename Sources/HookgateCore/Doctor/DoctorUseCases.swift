/// What `hookgate doctor` finds, for the console.
package protocol DoctorUseCases: Sendable {
    /// Reads only; in the order in which the checks run.
    /// - Parameter limit: how many things of a kind are listed; all are counted.
    func findings(_ checks: [DoctorCheck], limit: Int) async throws -> [DoctorFinding]
}
