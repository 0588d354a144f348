package import HookgateCore
import Synchronization

/// A source of truth for routing that lives in the test: a log of changes, and answers worked out from it.
///
/// It can be down, hold its answers back, or lose its notices; it counts what it is asked.
package final class InMemoryRoutingSource: RoutingSource {
    private struct State {
        var log: [RoutingChange] = []
        var legacyNames: Set<InstanceName> = []
        var outage: RoutingSourceError?
        var isHolding = false
        var held: [CheckedContinuation<Void, Never>] = []
        var notices: [AsyncStream<Void>.Continuation] = []
        var asked: [RoutingKey] = []
    }

    private let state = Mutex(State())
    /// Reached when a look-up arrives, before it is held or answered.
    package let lookUps = Milestone()
    package let loads = Milestone()
    package let polls = Milestone()
    package let listeners = Milestone()

    package init(_ changes: [RoutingChange] = []) {
        self.state.withLock { $0.log = changes }
    }

    /// Every key that was looked up, in order.
    package var asked: [RoutingKey] { self.state.withLock { $0.asked } }

    package func commit(_ changes: RoutingChange...) {
        self.state.withLock { $0.log += changes }
    }

    package func addLegacyName(_ name: InstanceName) {
        self.state.withLock { _ = $0.legacyNames.insert(name) }
    }

    /// Every call fails with this until it is nil again.
    package func setOutage(_ error: RoutingSourceError?) {
        self.state.withLock { $0.outage = error }
    }

    /// Look-ups read what is true when they arrive, and answer when ``release()`` is called.
    package func hold() {
        self.state.withLock { $0.isHolding = true }
    }

    package func release() {
        let held = self.state.withLock { state in
            defer { state.held = [] }
            state.isHolding = false
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    package func notify() {
        for notice in self.state.withLock({ $0.notices }) { notice.yield() }
    }

    /// The channel of notices ends, as when its connection dies.
    package func loseNotices() {
        let notices = self.state.withLock { state in
            defer { state.notices = [] }
            return state.notices
        }
        for notice in notices { notice.finish() }
    }

    package func fact(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingFact {
        let (fact, outage) = self.state.withLock { state in
            state.asked.append(key)
            return (Self.fact(for: key, in: state), state.outage)
        }
        self.lookUps.reach()
        await withCheckedContinuation { continuation in
            let isHeld = self.state.withLock { state in
                if state.isHolding { state.held.append(continuation) }
                return state.isHolding
            }
            if !isHeld { continuation.resume() }
        }
        if let outage { throw outage }
        return fact
    }

    package func facts(for keys: [RoutingKey]) async throws(RoutingSourceError) -> [RoutingKey: RoutingFact] {
        var facts: [RoutingKey: RoutingFact] = [:]
        for key in keys where facts[key] == nil { facts[key] = try await self.fact(for: key) }
        return facts
    }

    package func loadAll(
        page: @Sendable ([RoutingChange]) async -> Void
    ) async throws(RoutingSourceError) -> RoutingCursor {
        let (log, outage) = self.state.withLock { ($0.log, $0.outage) }
        self.loads.reach()
        if let outage { throw outage }
        for change in log { await page([change]) }
        return RoutingCursor(transaction: UInt64(log.count))
    }

    package func changes(
        since cursor: RoutingCursor
    ) async throws(RoutingSourceError) -> (changes: [RoutingChange], next: RoutingCursor) {
        let (log, outage) = self.state.withLock { ($0.log, $0.outage) }
        self.polls.reach()
        if let outage { throw outage }
        return (Array(log.dropFirst(Int(cursor.transaction))), RoutingCursor(transaction: UInt64(log.count)))
    }

    package func changeNotices() async throws(RoutingSourceError) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let outage = self.state.withLock { state in
            if state.outage == nil { state.notices.append(continuation) }
            return state.outage
        }
        self.listeners.reach()
        if let outage { throw outage }
        return stream
    }

    private static func fact(for key: RoutingKey, in state: State) -> RoutingFact {
        var entries: [IntegrationID: RoutingEntry] = [:]
        var tokens: [TokenDigest: (id: IntegrationID?, standing: TokenStanding)] = [:]
        for change in state.log {
            switch change {
            case .integration(let entry): entries[entry.integrationID] = entry
            case .integrationDeleted(let id, _): entries[id] = nil
            case .token(let digest, let id, let standing, _): tokens[digest] = (id, standing)
            }
        }
        switch key {
        case .token(let digest):
            guard let token = tokens[digest] else { return .nothing }
            if let id = token.id, let entry = entries[id] { return .token(entry, token.standing) }
            // In force, and nobody's in particular: several integrations hold it.
            return token.id == nil && token.standing != .revoked ? .duplicateInstance : .revokedToken
        case .instance(let name):
            let holders = entries.values.filter { $0.instanceName == name }
            guard let entry = holders.first else {
                return state.legacyNames.contains(name) ? .legacyInstance : .nothing
            }
            return holders.count == 1 ? .instance(entry) : .duplicateInstance
        }
    }
}
