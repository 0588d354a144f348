package import FoundationEssentials

/// What waits for its delivery, shared by all replicas. Filled by the store.
///
/// Work is divided by partitions of chats. Whoever holds a partition's lease is the only one to work on its chats, so
/// nothing has to be locked event by event; its fencing number tells a holder from the one after it.
package protocol DeliveryQueue: Sendable {
    /// Announces a worker, extends its leases until `until`, and takes free partitions up to its share of them.
    func renew(_ worker: WorkerID, until: Date, at now: Date) async throws -> LeaseShare

    /// Gives leases back before their time, so that others need not wait for it. A worker that ends is no more counted.
    func giveBack(_ partitions: PartitionSet, of worker: WorkerID, isEnding: Bool) async throws

    /// Lanes with events that are due, each with its first events in order.
    func lanes(_ wish: LaneWish) async throws -> LanePage

    /// Bodies of events that are still pending; what is missing is not to be sent.
    func bodies(of events: [DeliveryEvent]) async throws -> [EventID: PendingBody]

    /// Writes what became of events, in one transaction, as far as the worker's leases still hold.
    /// - Returns: the partitions whose leases hold.
    func record(_ outcomes: [DeliveryOutcome], by worker: WorkerID, at now: Date) async throws -> PartitionSet

    /// Counts what waits and what is parked.
    func backlog() async throws -> DeliveryBacklog

    /// Says, until its task is cancelled, that there may be something new; and nothing for longer than it can be
    /// relied on that there is not.
    func follow(_ notice: @escaping @Sendable (DeliveryNotice) -> Void) async
}

/// Names one worker of one process; a process that is started again is another.
package struct WorkerID: Sendable, Hashable {
    package let uuid: UUID

    package init(_ uuid: UUID = UUID()) {
        self.uuid = uuid
    }
}

/// Some of the partitions that chats are divided into.
package struct PartitionSet: OptionSet, Sendable, Hashable {
    package static let count = 64
    package static let all = PartitionSet(rawValue: .max)

    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package init(_ partition: Int) {
        self.rawValue = 1 << UInt64(partition)
    }

    package init(_ partitions: some Sequence<Int>) {
        self = partitions.reduce(into: []) { $0.insert(PartitionSet($1)) }
    }

    package var partitions: [Int] { (0..<Self.count).filter { rawValue & (1 << UInt64($0)) != 0 } }
    package var count: Int { rawValue.nonzeroBitCount }
}

/// The leases that a worker holds.
package struct LeaseShare: Sendable, Equatable {
    /// Partition to fencing number.
    package let leases: [Int: Int64]
    /// How many each living worker is to hold; whoever has more gives back.
    package let fairShare: Int

    package init(leases: [Int: Int64], fairShare: Int) {
        self.leases = leases
        self.fairShare = fairShare
    }
}

/// What happened in the queue.
package enum DeliveryNotice: Sendable, Equatable {
    /// There are new events.
    case arrivals(PartitionSet)
    /// A worker came, or gave leases back.
    case workers
}

/// What a worker wants to load.
package struct LaneWish: Sendable, Equatable {
    /// Where to look, and behind which integration to begin: so that everybody has a turn.
    package var places: [(partition: Int, behind: UUID)]
    /// What is loaded already.
    package var loaded: [Int64] = []
    /// Integrations that nothing can be sent for now.
    package var blocked: [UUID] = []
    /// What a person asked for again, instead of what is live.
    package var replays = false
    package var lanes = 256
    package var lanesPerIntegration = 4
    package var integrationsPerPlace = 16
    package var eventsPerLane = 8
    package var now: Date

    package init(places: [(partition: Int, behind: UUID)], now: Date) {
        self.places = places
        self.now = now
    }

    package static func == (left: LaneWish, right: LaneWish) -> Bool {
        left.places.elementsEqual(right.places, by: ==) && left.loaded == right.loaded && left.blocked == right.blocked
            && left.replays == right.replays && left.now == right.now
    }
}

/// What was found.
package struct LanePage: Sendable, Equatable {
    package var lanes: [QueuedLane] = []
    /// Where to go on, for partitions that were not looked through to their end.
    package var unfinished: [Int: UUID] = [:]

    package init() {}
}

/// A chat's place in the queue, and its first events.
package struct QueuedLane: Sendable, Equatable {
    package static let noIntegration = UUID(
        uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))

    package let id: Int64
    /// ``noIntegration`` for none.
    package let integration: UUID
    package let isReplay: Bool
    /// In order; without those that let others pass because their message has not come.
    package var events: [QueuedEvent]
    /// When the first of those need not wait any longer.
    package var waitsUntil: Date?

    package init(
        id: Int64, integration: UUID, isReplay: Bool = false, events: [QueuedEvent], waitsUntil: Date? = nil
    ) {
        self.id = id
        self.integration = integration
        self.isReplay = isReplay
        self.events = events
        self.waitsUntil = waitsUntil
    }

    package var partition: Int { Int(id & Int64(PartitionSet.count - 1)) }
}

/// An event that waits, with what was tried so far.
package struct QueuedEvent: Sendable, Equatable {
    package let event: DeliveryEvent
    package var attempts: Int
    package var rejections: Int
    package let firstAttemptAt: Date?
    package let waitsUntil: Date?
    package let bodyBytes: Int
    /// Nil where it is still to be read.
    package var body: [UInt8]?
    /// For an edit or a deletion: whether the message it is of went before it.
    package var followsItsMessage: Bool

    package init(
        event: DeliveryEvent, attempts: Int = 0, rejections: Int = 0, firstAttemptAt: Date? = nil,
        waitsUntil: Date? = nil, bodyBytes: Int = 0, body: [UInt8]? = nil, followsItsMessage: Bool = true
    ) {
        self.event = event
        self.attempts = attempts
        self.rejections = rejections
        self.firstAttemptAt = firstAttemptAt
        self.waitsUntil = waitsUntil
        self.bodyBytes = bodyBytes
        self.body = body
        self.followsItsMessage = followsItsMessage
    }
}

/// The body of an event that is still pending.
package enum PendingBody: Sendable, Equatable {
    case bytes([UInt8])
    /// Not kept any more.
    case gone
    /// It is kept, and no master key of this process opens it.
    case sealed

    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}

/// How much waits, over all replicas.
package struct DeliveryBacklog: Sendable, Equatable {
    package let waiting: UInt64
    package let oldestReceivedAt: Date?
    package let parked: UInt64

    package init(waiting: UInt64, oldestReceivedAt: Date?, parked: UInt64) {
        self.waiting = waiting
        self.oldestReceivedAt = oldestReceivedAt
        self.parked = parked
    }
}
