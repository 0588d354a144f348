import HookgateCore
import Synchronization

/// Bounds how much is under way at the same time, and how much of that is of one organization: while one takes all that it
/// can, the others still find a place. Whoever sees all of them counts as one more.
final class ShareGate: Sendable {
    let most: Int
    let mostOfOne: Int
    private let taken = Mutex<[OrganizationID?: Int]>([:])

    /// - Parameter ofOne: how many places one organization may take; nil for half of them.
    init(_ most: Int, ofOne: Int? = nil) {
        self.most = most
        self.mostOfOne = ofOne ?? max(1, most / 2)
    }

    /// Takes a place. Whoever got one gives it back by ``leave(_:)``.
    /// - Returns: false where there is none.
    func enter(_ scope: OrganizationID?) -> Bool {
        self.taken.withLock { taken in
            guard self.hasPlace(scope, taken) else { return false }
            taken[scope, default: 0] += 1
            return true
        }
    }

    func leave(_ scope: OrganizationID?) {
        self.taken.withLock { taken in
            let rest = (taken[scope] ?? 0) - 1
            taken[scope] = rest > 0 ? rest : nil
        }
    }

    func hasPlace(_ scope: OrganizationID?) -> Bool { self.taken.withLock { self.hasPlace(scope, $0) } }

    private func hasPlace(_ scope: OrganizationID?, _ taken: [OrganizationID?: Int]) -> Bool {
        taken[scope, default: 0] < self.mostOfOne && taken.values.reduce(0, +) < self.most
    }
}
