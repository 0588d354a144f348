import HookgateCore
import Synchronization

/// Remembers for a moment that the source of truth had no integration for a key, so that a sender who repeats itself
/// (a legacy instance that is not migrated yet, a scanner) costs one query a second and not one a request.
///
/// Asked only after the table and only while changes arrive, so a new integration is seen through it at once.
final class AbsenceMemory: Sendable {
    private struct Absence {
        let fact: RoutingFact
        let until: Duration
    }

    private let absences = Mutex<[RoutingKey: Absence]>([:])
    private let bound: Int
    private let lifetime: Duration

    init(bound: Int = 10_000, lifetime: Duration = .seconds(1)) {
        self.bound = bound
        self.lifetime = lifetime
    }

    func fact(for key: RoutingKey, at now: Duration) -> RoutingFact? {
        self.absences.withLock { absences in
            guard let absence = absences[key] else { return nil }
            guard now < absence.until else {
                absences[key] = nil
                return nil
            }
            return absence.fact
        }
    }

    func remember(_ fact: RoutingFact, for key: RoutingKey, at now: Duration) {
        self.absences.withLock { absences in
            if absences.count >= self.bound { absences.removeAll(keepingCapacity: true) }
            absences[key] = Absence(fact: fact, until: now + self.lifetime)
        }
    }

    /// Forgets what is stale, so that keys which never come again take no room.
    func sweep(at now: Duration) {
        self.absences.withLock { absences in
            guard !absences.isEmpty else { return }
            absences = absences.filter { now < $0.value.until }
        }
    }
}
