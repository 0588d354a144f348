import Synchronization

/// How many body bytes are in memory, and the bound on them. Shared by all connections of all loops.
package final class ByteBudget: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)

    package init(limit: Int) {
        self.limit = limit
    }

    package var inUse: Int { self.held.load(ordering: .relaxed) }

    /// False, and nothing taken, when the bound would be passed. Long bodies may use three quarters of it, so that a
    /// few slow ones never keep an ordinary message out.
    func take(_ bytes: Int, ofLongBody isLong: Bool) -> Bool {
        let after = self.held.add(bytes, ordering: .relaxed).newValue
        guard after <= (isLong ? self.limit - self.limit / 4 : self.limit) else {
            self.held.subtract(bytes, ordering: .relaxed)
            return false
        }
        return true
    }

    func give(_ bytes: Int) {
        self.held.subtract(bytes, ordering: .relaxed)
    }
}
