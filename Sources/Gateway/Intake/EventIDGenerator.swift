import FoundationEssentials
import HookgateCore
import Synchronization

/// Makes event ids without a system call each.
///
/// An id must be unique among gateways, not unguessable: 74 bits of a generator (xoshiro256**) whose 256 bits of
/// state come from the system's randomness once.
final class EventIDGenerator: Sendable {
    /// A clock that is put back by no more than this is not followed: what is accepted then comes after what was
    /// accepted before. One that is put back further was wrong before.
    private static let longestStepBack: TimeInterval = 300
    /// What the inbox tells two instants apart by.
    private static let leastStep: TimeInterval = 0.000_001

    private struct State {
        var generator: Xoshiro
        var latest = Date.distantPast

        mutating func random() -> (UInt64, UInt64) { (self.generator.next(), self.generator.next()) }
    }

    private let state: Mutex<State>

    init() {
        var system = SystemRandomNumberGenerator()
        self.state = Mutex(State(generator: Xoshiro(seededFrom: &system)))
    }

    func next(at now: Date) -> EventID {
        EventID.timeOrdered(at: now, random: self.state.withLock { $0.random() })
    }

    /// An id, and when its event counts as accepted: events are delivered in the order of that, so it never goes back
    /// while a clock is only set right.
    func stamp(at now: Date) -> (id: EventID, acceptedAt: Date) {
        let (random, acceptedAt) = self.state.withLock { state in
            let isStepBack = now < state.latest && state.latest.timeIntervalSince(now) <= Self.longestStepBack
            state.latest = isStepBack ? state.latest.addingTimeInterval(Self.leastStep) : now
            return (state.random(), state.latest)
        }
        return (EventID.timeOrdered(at: acceptedAt, random: random), acceptedAt)
    }
}

private struct Xoshiro {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seededFrom system: inout SystemRandomNumberGenerator) {
        // A state of all zeros would stay there; the odd last word rules it out.
        self.state = (system.next(), system.next(), system.next(), system.next() | 1)
    }

    mutating func next() -> UInt64 {
        let result = Self.rotate(self.state.1 &* 5, by: 7) &* 9
        let shifted = self.state.1 << 17
        self.state.2 ^= self.state.0
        self.state.3 ^= self.state.1
        self.state.1 ^= self.state.2
        self.state.0 ^= self.state.3
        self.state.2 ^= shifted
        self.state.3 = Self.rotate(self.state.3, by: 45)
        return result
    }

    private static func rotate(_ word: UInt64, by bits: UInt64) -> UInt64 {
        (word << bits) | (word >> (64 - bits))
    }
}
