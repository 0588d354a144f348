import Testing

@testable import PostgresClient

/// The pool's decisions, with numbers for connections and names for waiters.
struct PoolStateTests {
    private typealias State = PostgresPoolState<Int, String>

    /// A pool of two whose connections 1 and 2 are both lent out.
    private func exhausted() -> State {
        var state = State(maximumConnections: 2)
        _ = state.acquire(id: 1, waiter: "first")
        _ = state.acquire(id: 2, waiter: "second")
        return state
    }

    @Test func placesAreOpenedUpToTheBound() {
        var state = State(maximumConnections: 2)
        for id in 1...2 {
            guard case .granted(.open) = state.acquire(id: id, waiter: "x") else {
                Issue.record("place \(id) was not opened")
                return
            }
        }
        if case .some = state.acquire(id: 3, waiter: "x") { Issue.record("a third place was opened") }
        #expect(state.total == 2)
    }

    @Test func waitersGetTheirTurnInOrder() {
        var state = exhausted()
        for (index, waiter) in ["a", "b", "c"].enumerated() { _ = state.acquire(id: 10 + index, waiter: waiter) }
        var order: [String] = []
        for _ in 0..<3 {
            if case .handOver(.use(7), let waiter) = state.giveBack(7) { order.append(waiter) }
        }
        #expect(order == ["a", "b", "c"])
    }

    @Test func waiterWhoGaveUpIsPassedOver() {
        var state = exhausted()
        _ = state.acquire(id: 10, waiter: "a")
        _ = state.acquire(id: 11, waiter: "b")
        let given = [state.giveUp(id: 10), state.giveUp(id: 10)]
        #expect(given == ["a", nil])
        guard case .handOver(_, "b") = state.giveBack(1) else {
            Issue.record("the connection did not go to b")
            return
        }
        let late = state.giveUp(id: 11)
        #expect(late == nil)
    }

    @Test func brokenConnectionLetsTheNextWaiterOpenItsOwn() {
        var state = exhausted()
        _ = state.acquire(id: 10, waiter: "a")
        guard case .handOver(.open, "a") = state.discard() else {
            Issue.record("the place did not go to a")
            return
        }
        #expect(state.total == 2)
        guard case .keep = state.discard() else {
            Issue.record("a place without waiters was not given up")
            return
        }
        #expect(state.total == 1)
    }

    @Test func closingTellsEveryWaiterOnceAndDrainsWithTheLastPlace() {
        var state = exhausted()
        _ = state.acquire(id: 10, waiter: "a")
        let told = [state.close().waiters, state.close().waiters]
        #expect(told == [["a"], []])
        let late = state.giveUp(id: 10)
        #expect(late == nil)
        guard case .closed = state.acquire(id: 11, waiter: "b") else {
            Issue.record("a closed pool took another task")
            return
        }
        let isDrained = state.drain(waiter: "drain")
        #expect(!isDrained)
        guard case .close(1) = state.giveBack(1), case .keep = state.discard(),
            case .close(2) = state.giveBack(2), case .drained(["drain"]) = state.discard()
        else {
            Issue.record("the pool did not drain with its last place")
            return
        }
        let isDrainedNow = state.drain(waiter: "late")
        #expect(isDrainedNow)
    }

    @Test func closingHandsOutTheIdleConnections() {
        var state = exhausted()
        _ = state.giveBack(1)
        let idle = state.close().connections
        #expect(idle == [1])
        guard case .keep = state.discard() else {
            Issue.record("the pool drained while a connection was still lent out")
            return
        }
        #expect(state.total == 1)
    }
}
