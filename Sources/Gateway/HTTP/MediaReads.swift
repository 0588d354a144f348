package import HookgateCore
import Synchronization

/// Files that are being read for somebody, each of which is in memory as a whole: so only a few at the same time.
package final class MediaReads: Sendable {
    package static let most = 4

    let source: any EventMediaSource
    private let underWay = Atomic(0)

    package init(source: any EventMediaSource) {
        self.source = source
    }

    /// False when as many are read as may be.
    func begin() -> Bool {
        guard self.underWay.add(1, ordering: .relaxed).newValue <= Self.most else {
            self.end()
            return false
        }
        return true
    }

    func end() {
        self.underWay.subtract(1, ordering: .relaxed)
    }
}
