import FoundationEssentials
import HookgateCore

/// What the doctor found last. An examination reads the whole database, so it is not made for everybody who looks.
actor DoctorReader {
    struct Examination: Sendable {
        let at: Date
        let findings: [DoctorFinding]
    }

    private static let freshFor: TimeInterval = 300
    /// Things of a kind; whoever shows fewer leaves the others out.
    static let mostListed = 1_000

    private let parts: ConsoleParts
    private var last: Examination?
    private var examining: Task<Examination, any Error>?

    init(_ parts: ConsoleParts) {
        self.parts = parts
    }

    /// The last one, unless it is too long ago.
    func latest() async throws -> Examination {
        if let last, self.parts.time.now.timeIntervalSince(last.at) < Self.freshFor { return last }
        return try await self.examine()
    }

    /// A new one; one that is under way is waited for.
    @discardableResult
    func examine() async throws -> Examination {
        if let examining { return try await examining.value }
        let task = Task { [parts] in
            Examination(
                at: parts.time.now,
                findings: try await parts.doctor.findings(DoctorCheck.allCases, limit: Self.mostListed))
        }
        self.examining = task
        let result = await task.result
        self.examining = nil
        self.last = try result.get()
        return try result.get()
    }
}
