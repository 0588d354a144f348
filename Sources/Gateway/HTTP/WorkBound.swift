import Synchronization

/// How many pieces of some work may be under way at the same time.
final class WorkBound: Sendable {
    private let most: Int
    private let underWay = Atomic(0)

    init(most: Int) {
        self.most = most
    }

    /// False when as many are under way as may be.
    func begin() -> Bool {
        guard self.underWay.add(1, ordering: .relaxed).newValue <= self.most else {
            self.end()
            return false
        }
        return true
    }

    func end() {
        self.underWay.subtract(1, ordering: .relaxed)
    }
}
