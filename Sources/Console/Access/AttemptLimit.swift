import FoundationEssentials
import HookgateCore
import Synchronization

/// Limits guesses at keys: of each address, and of all together, because whoever guesses has many addresses.
///
/// A key of ours has 256 random bits and needs no such limit; the configuration's token may be any words. So good keys
/// go on working while somebody guesses, whatever that one does.
final class AttemptLimit: Sendable {
    struct Settings: Sendable {
        var ofOne = 5
        var ofAll = 60
        /// The time in which so many are allowed.
        var window: TimeInterval = 60
        /// Addresses that are remembered; beyond that the limit of all alone holds.
        var remembered = 1_024
    }

    private struct State {
        var windowEnd = Date(timeIntervalSince1970: 0)
        var byAddress: [String: Int] = [:]
        var total = 0
    }

    private let settings: Settings
    private let state = Mutex(State())

    init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Seconds to wait before another guess is heard; nil when one may be made now.
    func wait(of address: String?, at now: Date) -> Int? {
        self.state.withLock { state in
            guard now < state.windowEnd else { return nil }
            let isOver =
                state.total >= self.settings.ofAll
                || (state.byAddress[address ?? ""] ?? 0) >= self.settings.ofOne
            return isOver ? max(1, Int(state.windowEnd.timeIntervalSince(now).rounded(.up))) : nil
        }
    }

    /// Takes down a wrong guess.
    func failed(_ address: String?, at now: Date) {
        self.state.withLock { state in
            if now >= state.windowEnd {
                state = State(windowEnd: now.addingTimeInterval(self.settings.window))
            }
            state.total += 1
            let address = address ?? ""
            if state.byAddress[address] != nil || state.byAddress.count < self.settings.remembered {
                state.byAddress[address, default: 0] += 1
            }
        }
    }
}
