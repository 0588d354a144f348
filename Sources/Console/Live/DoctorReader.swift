import FoundationEssentials
import HookgateCore

/// What the doctor found last. An examination reads the whole database, so one answers everybody who looks for a while,
/// and no page waits for it.
struct DoctorReader {
    struct Examination: Sendable {
        let at: Date
        let findings: [DoctorFinding]
    }

    /// What an examination has come to: until it ends, what the one before it found.
    struct Report: Sendable {
        var last: Examination?
    }

    private static let freshFor: TimeInterval = 300
    /// Things of a kind; whoever shows fewer leaves the others out.
    static let mostListed = 1_000

    private let work: LongWork<Report>

    init(_ desk: WorkDesk) {
        self.work = desk.examination
    }

    var standing: LongWork<Report>.Standing? { self.work.standing }

    /// Begins a new one.
    func begin(_ visit: Visit) {
        let parts = visit.parts
        // The one refusal is that one is under way, and whoever wants a new one gets that.
        try? self.work.begin(Report(last: self.standing?.report.last), visit) { update in
            let begun = parts.time.now
            let findings = try await parts.doctor.findings(DoctorCheck.allCases, limit: Self.mostListed)
            update { $0.last = Examination(at: begun, findings: findings) }
        }
    }

    /// Begins a new one where the last is too long ago, or there is none.
    func beginIfDue(_ visit: Visit) {
        if let last = self.standing?.report.last, visit.now.timeIntervalSince(last.at) < Self.freshFor { return }
        self.begin(visit)
    }

    /// For programs, which would only ask again: waits for the one that is under way.
    func latest(_ visit: Visit) async throws(ConsoleError) -> Examination {
        self.beginIfDue(visit)
        await self.work.wait()
        let standing = self.standing
        if case .failed(let why)? = standing?.ending { throw .unavailable(why) }
        guard let last = standing?.report.last else {
            throw .unavailable("The examination was stopped before it had found anything. Ask again.")
        }
        return last
    }
}
