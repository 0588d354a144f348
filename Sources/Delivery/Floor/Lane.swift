import FoundationEssentials
import HookgateCore

/// A chat that is loaded: its next events, in order. One of them at a time is under way.
struct Lane {
    let id: Int64
    let integration: UUID
    let isReplay: Bool
    private(set) var events: ArraySlice<QueuedEvent>
    /// Whether there may be more in the queue than was loaded.
    let mayHaveMore: Bool
    /// How often its partition was said to have something new when this was loaded.
    let seenArrivals: UInt64
    var isUnderWay = false
    /// Its partition is somebody else's by now: what is under way ends, and is not written.
    var isLost = false
    /// Where its first event goes, while it stands in a queue there.
    var station: DestinationID?

    init(_ lane: QueuedLane, mayHaveMore: Bool, seenArrivals: UInt64) {
        id = lane.id
        integration = lane.integration
        isReplay = lane.isReplay
        events = lane.events[...]
        self.mayHaveMore = mayHaveMore
        self.seenArrivals = seenArrivals
    }

    var partition: Int { Int(id & Int64(PartitionSet.count - 1)) }
    var head: QueuedEvent? { events.first }
    /// By whom it is counted when it is a clinic's turn.
    var clinic: UUID { head?.event.clinicID?.uuid ?? integration }

    mutating func removeHead() {
        events.removeFirst()
    }
}
