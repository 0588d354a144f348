import HookgateCore

/// What somebody asked for, with everything that another replica needs to go on with it, and nothing secret: it stands in
/// a row of the database.
protocol LeasedJob: Codable, Sendable {
    /// What it has come to, for page and API.
    associatedtype Report: Sendable
    /// The part of a report that is written to the row. Bounded: the details stand in the journals.
    associatedtype Summary: Codable, Sendable

    /// One of a kind is open at a time, on all replicas together.
    static var kind: String { get }

    /// - Parameter summary: nil where nothing has been written yet.
    func report(_ summary: Summary?) -> Report

    static func summary(of report: Report) -> Summary

    /// Whether this replica is configured for it.
    func isPossible(with parts: ConsoleParts) -> Bool

    /// Does it, or goes on with it: what is done already is found in the journals, and counted again.
    /// - Parameters:
    ///   - actor: who began it.
    ///   - isResumed: whether another process may have begun it.
    func carryOut(
        _ parts: ConsoleParts, by actor: String, isResumed: Bool, update: @escaping LongWork<Report>.Update
    ) async throws
}

extension LeasedJob {
    func isPossible(with parts: ConsoleParts) -> Bool { true }
}
