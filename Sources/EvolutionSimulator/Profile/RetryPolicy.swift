/// What a release does about a webhook that was not taken.
package struct RetryPolicy: Sendable, Equatable {
    package let attempts: Int
    /// Statuses after which it gives up at once.
    package let finalStatuses: Set<Int>
    private let first: Duration
    private let longest: Duration
    private let isGrowing: Bool

    /// One attempt, whatever the answer.
    package static let once = RetryPolicy(
        attempts: 1, finalStatuses: [], first: .zero, longest: .zero, isGrowing: false)

    /// Ten attempts, half a minute apart, for every failure.
    package static let steady = RetryPolicy(
        attempts: 10, finalStatuses: [], first: .seconds(30), longest: .seconds(30), isGrowing: false)

    /// Ten attempts with a growing pause, unless the status says that it is no use.
    package static let growing = RetryPolicy(
        attempts: 10, finalStatuses: [400, 401, 403, 404, 422], first: .seconds(5), longest: .seconds(300),
        isGrowing: true)

    /// How long it waits after the attempt with this number, counted from 1.
    /// - Parameter jitter: from -1 to 1; a fifth of the pause at most.
    package func pause(after attempt: Int, jitter: Double) -> Duration {
        guard isGrowing else { return first }
        let grown = min(first * (1 << min(attempt - 1, 10)), longest)
        return max(grown + grown * (0.2 * jitter), first)
    }
}
