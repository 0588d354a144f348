import FoundationEssentials
import HookgateCore
import PostgresClient

/// A lane as the queue has it, before the inbox is asked for its events.
struct PickedLane {
    let id: Int64
    let integration: UUID
    var events: [PickedEvent] = []

    init(id: Int64, integration: UUID) {
        self.id = id
        self.integration = integration
    }

    func inOrder() -> PickedLane {
        var lane = self
        lane.events.sort { ($0.receivedAt, $0.id) < ($1.receivedAt, $1.id) }
        return lane
    }

    /// - Parameters:
    ///   - known: edits and deletions whose message went before them.
    ///   - read: an event with what the inbox knows of it; nil when it is not pending any more.
    func queued(
        at now: Date, isReplay: Bool, known: Set<EventID>, read: (PickedEvent) -> QueuedEvent?
    ) -> QueuedLane {
        var lane = QueuedLane(id: id, integration: integration, isReplay: isReplay, events: [])
        // What stands before it in its own lane has gone when its turn comes.
        var ahead: Set<String> = []
        for picked in events {
            guard var queued = read(picked) else { continue }
            let message = queued.event.messageID
            queued.followsItsMessage =
                !MessageOrder.isDependent(queued.event) || known.contains(picked.id)
                || message.map(ahead.contains) == true
            if let until = picked.waitsUntil, until > now, !queued.followsItsMessage {
                lane.waitsUntil = min(until, lane.waitsUntil ?? until)
                continue
            }
            if let message, MessageOrder.isMessage(queued.event) { ahead.insert(message) }
            lane.events.append(queued)
        }
        return lane
    }
}

/// One row of the queue.
struct PickedEvent {
    let id: EventID
    let receivedAt: Date
    let attempts: Int
    let rejections: Int
    let firstAttemptAt: Date?
    let waitsUntil: Date?

    init(_ row: PostgresRow) throws(PostgresError) {
        id = EventID(try row.decode("event_id", as: UUID.self))
        receivedAt = try row.decode("received_at")
        attempts = try row.decode("attempts")
        rejections = try row.decode("rejections")
        firstAttemptAt = try row.decode("first_attempt_at")
        waitsUntil = try row.decode("waits_until")
    }

    func queued(_ event: DeliveryEvent, bytes: Int, body: [UInt8]?) -> QueuedEvent {
        QueuedEvent(
            event: event, attempts: attempts, rejections: rejections, firstAttemptAt: firstAttemptAt,
            waitsUntil: waitsUntil, bodyBytes: bytes, body: body)
    }
}
