import FoundationEssentials
import HookgateCore

/// What is loaded for one destination: chats in a queue for each clinic, clinics in a ring.
struct Station {
    var destination: Destination
    var breaker: CircuitBreaker
    var underWay = 0
    /// Whether it stands among those whose turn comes.
    var isInTurn = false
    private var ring = Ring()
    private var replays = Ring()

    init(_ destination: Destination, breaker: CircuitBreaker) {
        self.destination = destination
        self.breaker = breaker
    }

    var isEmpty: Bool { ring.isEmpty && replays.isEmpty }
    var lanes: [Int64] { ring.lanes + replays.lanes }

    mutating func add(_ lane: Int64, of clinic: UUID, isReplay: Bool) {
        if isReplay { replays.add(lane, of: clinic) } else { ring.add(lane, of: clinic) }
    }

    /// The next chat whose clinic may; live ones first.
    mutating func next(allowsReplays: Bool, mayGo: (UUID) -> Bool) -> Int64? {
        ring.next(mayGo) ?? (allowsReplays ? replays.next(mayGo) : nil)
    }

    /// A chat that could not go after all comes first again.
    mutating func putBack(_ lane: Int64, of clinic: UUID, isReplay: Bool) {
        if isReplay { replays.putBack(lane, of: clinic) } else { ring.putBack(lane, of: clinic) }
    }

    mutating func remove(_ lane: Int64, of clinic: UUID, isReplay: Bool) {
        if isReplay { replays.remove(lane, of: clinic) } else { ring.remove(lane, of: clinic) }
    }
}

/// Clinics one after the other, each with its chats in the order in which they came: whoever has a thousand waits for
/// as long as whoever has one.
private struct Ring {
    private var clinics: [UUID] = []
    private var queues: [UUID: [Int64]] = [:]

    var isEmpty: Bool { queues.isEmpty }
    var lanes: [Int64] { queues.values.flatMap(\.self) }

    mutating func add(_ lane: Int64, of clinic: UUID) {
        if queues[clinic, default: []].isEmpty { clinics.append(clinic) }
        queues[clinic, default: []].append(lane)
    }

    mutating func next(_ mayGo: (UUID) -> Bool) -> Int64? {
        guard let place = clinics.firstIndex(where: mayGo) else { return nil }
        let clinic = clinics.remove(at: place)
        guard var queue = queues.removeValue(forKey: clinic) else { return nil }
        let lane = queue.removeFirst()
        if !queue.isEmpty {
            queues[clinic] = queue
            clinics.append(clinic)
        }
        return lane
    }

    mutating func putBack(_ lane: Int64, of clinic: UUID) {
        clinics.removeAll { $0 == clinic }
        clinics.insert(clinic, at: 0)
        queues[clinic, default: []].insert(lane, at: 0)
    }

    mutating func remove(_ lane: Int64, of clinic: UUID) {
        guard var queue = queues[clinic], let place = queue.firstIndex(of: lane) else { return }
        queue.remove(at: place)
        queues[clinic] = queue.isEmpty ? nil : queue
        if queue.isEmpty { clinics.removeAll { $0 == clinic } }
    }
}
