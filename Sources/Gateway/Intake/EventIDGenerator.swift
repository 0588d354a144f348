import FoundationEssentials
import HookgateCore
import Synchronization

/// Makes event ids without a system call each.
///
/// An id must be unique among gateways, not unguessable: 74 bits of a generator (xoshiro256**) whose 256 bits of
/// state come from the system's randomness once.
final class EventIDGenerator: Sendable {
    private let generator: Mutex<Xoshiro>

    init() {
        var system = SystemRandomNumberGenerator()
        self.generator = Mutex(Xoshiro(seededFrom: &system))
    }

    func next(at now: Date) -> EventID {
        let random = self.generator.withLock { ($0.next(), $0.next()) }
        return EventID.timeOrdered(at: now, random: random)
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
