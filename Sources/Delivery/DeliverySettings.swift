package import FoundationEssentials
package import HookgateCore

/// The bounds of one worker, each with what it is for.
package struct DeliverySettings: Sendable {
    /// How long a lease lasts. Longer than any attempt may take, so that none outlives it; whoever is killed keeps its
    /// chats waiting for as long.
    package var lease: TimeInterval = 30
    /// How often leases are renewed. Several of these fit into a lease: one that fails costs nothing.
    package var renewal = Duration.seconds(5)
    /// Between an attempt's end and its lease's, for writing down what came of it.
    package var leaseMargin: TimeInterval = 3
    /// How often is looked for events whose time has come: retries, and whatever nobody told of.
    package var pollInterval = Duration.seconds(1)
    /// How often what waits is counted.
    package var observationInterval = Duration.seconds(15)
    /// Attempts at the same time, over all destinations.
    package var width = 256
    /// Attempts at the same time for one clinic, so that none takes all there are.
    package var clinicWidth = 8
    /// What was asked for again, at the same time: behind what is live.
    package var replayWidth = 2
    /// Chats in memory; each with a few events, of which the first has its body.
    package var maximumLanes = 1_024
    /// Chats of one integration in memory.
    package var lanesPerIntegration = 16
    /// Bodies on their way at the same time; a single larger one goes alone.
    package var maximumBodyBytes = 64 << 20
    /// Partitions looked through at once while there is a backlog.
    package var placesPerLook = 8
    /// Chats that one look loads at most.
    package var lanesPerLook = 256
    /// Outcomes in one statement.
    package var recordBatch = 500
    /// After so many in one, there is so much to do that it is worth while to wait a moment for more.
    package var busyBatch = 16
    package var gatheringPause = Duration.milliseconds(10)
    /// How long what is sealed waits until it is looked again whether this process can open it: its organization's key
    /// may have been wrapped anew.
    package var keyPause: TimeInterval = 30
    /// After a failure of the queue.
    package var firstPause = Duration.milliseconds(200)
    package var longestPause = Duration.seconds(5)
    package var schedule = RetrySchedule()
    package var breaker = CircuitBreaker.Settings()

    package init() {}
}
