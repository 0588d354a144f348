import FoundationEssentials
import HookgateCore

/// What one worker has in hand: which chats are loaded, whose turn it is, what is under way. Pure: no clock, no input
/// or output; the engine around it loads, sends and writes.
///
/// Of each chat one event at a time is under way, and the next one's turn comes when what became of it is written: so
/// neither a crash nor a lost lease turns two events of a chat round.
struct DeliveryFloor {
    typealias Directory = (DeliveryEvent) -> DestinationAnswer

    let settings: DeliverySettings
    private(set) var leases: [Int: Int64] = [:]
    private(set) var leasedUntil = Date.distantPast
    /// Above the worker's share: nothing of them is begun any more.
    private var leaving = PartitionSet()
    var lanes: [Int64: Lane] = [:]
    var stations: [DestinationID: Station] = [:]
    /// Destinations with something in their queue, in turn.
    var turns: [DestinationID] = []
    var resting: Set<DestinationID> = []
    /// Integrations that nothing can be sent for.
    var blocked: [UUID: Hindrance] = [:]
    /// When it is looked again whether there is a key for what is sealed.
    var keysLookedForAt = Date.distantFuture
    var underWay = 0
    var underWayOfClinic: [UUID: Int] = [:]
    var replaysUnderWay = 0
    var bytesUnderWay = 0
    private(set) var isEnding = false
    /// Partitions that may have something to load.
    private var unread = PartitionSet()
    private var mayHaveReplays = true
    /// While much is loaded a look waits until there is room for what one can bring; but now and then one is due anyway.
    private var isLookDue = true
    /// Where to go on in partitions that were not looked through to their end.
    private var places: [Int: UUID] = [:]
    private var arrivals = [UInt64](repeating: 0, count: PartitionSet.count)
    /// Counts what a look that is under way may have missed: what arrived, and what it left out and is wanted again.
    private var news = [UInt64](repeating: 0, count: PartitionSet.count)
    private var loadOfIntegration: [UUID: Int] = [:]
    /// Integrations that had enough loaded when somebody looked.
    private var passedOver: Set<UUID> = []
    private var decided: [DeliveryOutcome] = []

    init(_ settings: DeliverySettings) {
        self.settings = settings
    }

    // MARK: Leases

    /// Takes in what the worker holds now.
    mutating func renewed(_ share: LeaseShare, until: Date) {
        for (partition, fencing) in leases where share.leases[partition] != fencing { lose(partition) }
        let fresh = PartitionSet(share.leases.keys.filter { leases[$0] == nil })
        leases = share.leases
        leasedUntil = until
        unread.formUnion(fresh)
        leave(isEnding ? leases.count : max(0, leases.count - share.fairShare))
    }

    /// Somebody else has the partition, or soon will.
    mutating func lose(_ partition: Int) {
        leases[partition] = nil
        empty(partition)
        for id in lanes.values.filter({ $0.partition == partition }).map(\.id) { lanes[id]?.isLost = true }
    }

    /// Begins nothing more.
    mutating func end() {
        isEnding = true
        leave(leases.count)
    }

    private mutating func leave(_ count: Int) {
        leaving = PartitionSet(leases.keys.sorted().suffix(count))
        for partition in leaving.partitions { empty(partition) }
    }

    private mutating func empty(_ partition: Int) {
        unread.remove(PartitionSet(partition))
        places[partition] = nil
        for lane in lanes.values where lane.partition == partition && !lane.isUnderWay {
            unload(lane.id, mayHaveMore: false)
        }
    }

    /// Partitions that are to be given back and of which nothing is under way any more.
    mutating func takeLeft() -> PartitionSet {
        let left = leaving.subtracting(PartitionSet(lanes.values.map(\.partition)))
        leaving.subtract(left)
        for partition in left.partitions { leases[partition] = nil }
        return left
    }

    var isLeaving: Bool { !leaving.isEmpty }
    private var working: PartitionSet { PartitionSet(leases.keys).subtracting(leaving) }

    func fencing(of lane: Lane) -> Int64? { lane.isLost ? nil : leases[lane.partition] }

    // MARK: Loading

    mutating func arrived(_ partitions: PartitionSet) {
        for partition in partitions.partitions {
            arrivals[partition] += 1
            news[partition] += 1
        }
        unread.formUnion(partitions.intersection(working))
    }

    /// Looks through everything again, however little room there is.
    mutating func lookAround() {
        isLookDue = true
        readAll()
    }

    mutating func readAll() {
        unread = working
        for partition in working.partitions { news[partition] += 1 }
        mayHaveReplays = true
    }

    /// What to load next; nil when there is nothing, or no room.
    mutating func wish(at now: Date) -> LaneLook? {
        let room = settings.maximumLanes - lanes.count
        guard !isEnding, leasedUntil > now, room >= (isLookDue ? 1 : settings.lanesPerLook) else { return nil }
        let chosen = unread.intersection(working).partitions
        let isForReplays = chosen.isEmpty
        guard !isForReplays || (mayHaveReplays && replaysUnderWay < settings.replayWidth && !working.isEmpty) else {
            return nil
        }
        let isBacklogged = !places.isEmpty && !isForReplays
        let partitions =
            isForReplays
            ? working.partitions : isBacklogged ? Array(chosen.shuffled().prefix(settings.placesPerLook)) : chosen
        var wish = LaneWish(
            places: partitions.map { ($0, isForReplays ? .lowest : places[$0] ?? .lowest) }, now: now)
        let looked = PartitionSet(partitions)
        wish.loaded = lanes.values.filter { looked.contains(PartitionSet($0.partition)) }.map(\.id)
        let full = loadOfIntegration.filter { $0.value >= settings.lanesPerIntegration }.map(\.key)
        passedOver.formUnion(full)
        wish.blocked = Array(blocked.keys) + full.filter { !blocked.keys.contains($0) }
        wish.replays = isForReplays
        wish.lanes = min(isForReplays ? settings.replayWidth : settings.lanesPerLook, room)
        return LaneLook(wish: wish, arrivals: arrivals, news: news)
    }

    /// Takes in what a look found.
    mutating func loaded(_ page: LanePage, by look: LaneLook, directory: Directory) {
        let wish = look.wish
        isLookDue = false
        if wish.replays {
            mayHaveReplays = !page.lanes.isEmpty
        } else {
            for (partition, _) in wish.places {
                places[partition] = page.unfinished[partition]
                if page.unfinished[partition] == nil, news[partition] == look.news[partition] {
                    unread.remove(PartitionSet(partition))
                }
            }
        }
        for queued in page.lanes where lanes[queued.id] == nil && working.contains(PartitionSet(queued.partition)) {
            lanes[queued.id] = Lane(
                queued, mayHaveMore: queued.events.count >= wish.eventsPerLane,
                seenArrivals: look.arrivals[queued.partition])
            loadOfIntegration[queued.integration, default: 0] += 1
            if queued.events.isEmpty {
                // All that is left in it waits for messages.
                let until = queued.waitsUntil ?? wish.now.addingTimeInterval(MessageOrder.longestWait)
                decide(queued.id, nil, .rest(until: until))
            } else {
                advance(queued.id, at: wish.now, directory: directory)
            }
        }
    }

    /// Brings a lane's first event to where it goes.
    mutating func advance(_ id: Int64, at now: Date, directory: Directory) {
        guard let lane = lanes[id] else { return }
        guard let head = lane.head, working.contains(PartitionSet(lane.partition)), !lane.isLost else {
            return unload(id, mayHaveMore: lane.mayHaveMore || lane.head != nil)
        }
        if case .later(let until) = MessageOrder.turn(of: head, at: now) {
            return decide(id, head, .waitForMessage(until: until))
        }
        switch directory(head.event) {
        case .none, .unknown: block(id, because: .noDestination)
        case .destination(let destination):
            let closed = update(destination, at: now)
            if closed { block(id, because: .destination(destination.id)) } else { queue(id, for: destination.id) }
        }
    }

    private mutating func decide(_ id: Int64, _ queued: QueuedEvent?, _ verdict: DeliveryOutcome.Verdict) {
        guard let lane = lanes[id], let fencing = fencing(of: lane) else { return }
        lanes[id]?.isUnderWay = true
        decided.append(
            DeliveryOutcome(
                lane: id, fencing: fencing, event: queued?.event, attempts: queued?.attempts ?? 0,
                rejections: queued?.rejections ?? 0, verdict: verdict))
    }

    /// Outcomes that needed no attempt; to be written like all others.
    mutating func takeDecided() -> [DeliveryOutcome] {
        defer { decided = [] }
        return decided
    }

    // MARK: Ends

    /// What was decided of a lane's first event is written, or cannot be: the next one's turn.
    mutating func settled(_ outcome: DeliveryOutcome, at now: Date, directory: Directory) {
        guard let lane = lanes[outcome.lane], lane.isUnderWay else { return }
        lanes[outcome.lane]?.isUnderWay = false
        switch outcome.verdict {
        // What is left of the lane waits behind it.
        case .retry, .rest: unload(outcome.lane, mayHaveMore: false)
        case .delivered, .filtered, .parked, .dropped, .waitForMessage:
            lanes[outcome.lane]?.removeHead()
            advance(outcome.lane, at: now, directory: directory)
        }
    }

    /// Nothing was tried: the lane is loaded again.
    mutating func abandoned(_ lane: Int64) {
        lanes[lane]?.isUnderWay = false
        unload(lane, mayHaveMore: true)
    }

    /// Nothing was tried, because this process has no key for what is sealed: its integration's events wait, all of
    /// them, since they are sealed by the same key.
    mutating func foundSealed(_ lane: Int64, at now: Date) {
        lanes[lane]?.isUnderWay = false
        // One that is found later must not put off the look at those found before.
        keysLookedForAt = min(keysLookedForAt, now.addingTimeInterval(settings.keyPause))
        block(lane, because: .masterKeyMissing)
    }

    mutating func unload(_ id: Int64, mayHaveMore: Bool) {
        guard let lane = lanes[id] else { return }
        takeOut(id)
        lanes[id] = nil
        let load = (loadOfIntegration[lane.integration] ?? 1) - 1
        loadOfIntegration[lane.integration] = load > 0 ? load : nil
        if load <= settings.lanesPerIntegration / 2, passedOver.remove(lane.integration) != nil { return readAll() }
        guard working.contains(PartitionSet(lane.partition)) else { return }
        if mayHaveMore || lane.isLost || arrivals[lane.partition] != lane.seenArrivals {
            unread.insert(PartitionSet(lane.partition))
            news[lane.partition] += 1
        }
        if lane.isReplay { mayHaveReplays = true }
    }
}

/// A wish, and what was said to have arrived before it: what comes after is not in its page.
struct LaneLook {
    let wish: LaneWish
    let arrivals: [UInt64]
    let news: [UInt64]
}

extension UUID {
    /// Where a look through the integrations begins.
    static let lowest = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
