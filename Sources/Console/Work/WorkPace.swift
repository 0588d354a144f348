import FoundationEssentials

/// How replicas share long work out.
struct WorkPace: Sendable {
    /// For so long whoever begins or goes on is believed to live.
    var lease: TimeInterval = 15
    /// Its holder says so this often, and is then told to leave off.
    var renewal = Duration.seconds(5)
    /// How often each replica looks for work that nobody is at.
    var look = Duration.seconds(5)
    /// How often work that was taken over asks again for the journal's lock: the session of a dead process may have it
    /// still.
    var mostWaits = 12
    /// Processes that may end over the same work. It may be what ends them.
    var mostTries = 5
    /// Between two looks, renewals or questions for a lock. In tests a clock that they move takes its place.
    var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
}
