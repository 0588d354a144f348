import Testing

@testable import PostgresClient

/// The pool's decisions, with numbers for connections and names for waiters.
struct PoolStateTests {
    private typealias State = PostgresPoolState<Int, String>

    /// A pool of two whose connections 1 and 2 are both lent out.
    private func exhausted() -> State {
        var state = State(maximumConnections: 2, warmConnections: 1)
        _ = state.acquire(id: 1, waiter: "first")
        _ = state.acquire(id: 2, waiter: "second")
        return state
    }

    @Test func placesAreOpenedUpToTheBound() {
        var state = State(maximumConnections: 2, warmConnections: 1)
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

    /// A pool whose connections 1, 2, … were all lent out and given back in that order.
    private func idle(_ count: Int, warm: Int) -> State {
        var state = State(maximumConnections: count, warmConnections: warm)
        for id in 1...count { _ = state.acquire(id: id, waiter: "x") }
        for connection in 1...count { _ = state.giveBack(connection) }
        return state
    }

    @Test(arguments: [(0, [1, 2, 3]), (1, [1, 2]), (3, [])])
    func whatTwoRoundsFindIdleIsClosedButForWhatIsKeptWarm(warm: Int, closed: [Int]) {
        var state = idle(3, warm: warm)
        let rounds = [state.round(), state.round()]
        #expect(rounds.map(\.unused) == [[], closed])
        #expect(rounds.map(\.goesOn) == [warm < 3, false])
        for _ in closed { _ = state.discard() }
        #expect(state.total == warm)
    }

    @Test func whatWasUsedBetweenTwoRoundsStays() {
        var state = idle(3, warm: 0)
        _ = state.round()
        // One at a time, so that it is the same one again and again.
        for _ in 0..<5 {
            guard case .granted(.use(3)) = state.acquire() else {
                Issue.record("another connection than the last was lent out")
                return
            }
            _ = state.giveBack(3)
        }
        let unused = [state.round().unused, state.round().unused]
        #expect(unused == [[1, 2], [3]])
    }

    @Test func whatIsLentOutCountsAsWarmAndItsReturnBeginsTheRoundsAgain() {
        var state = idle(2, warm: 1)
        _ = state.round()
        _ = state.acquire()
        let round = state.round()
        #expect(round.unused == [1] && !round.goesOn)
        _ = state.discard()
        guard case .keep = state.giveBack(2) else {
            Issue.record("rounds began for a connection that is kept warm")
            return
        }
        _ = state.acquire()
        _ = state.acquire()
        guard case .keepAndWatch = state.giveBack(2), case .keep = state.giveBack(3) else {
            Issue.record("rounds did not begin, or began twice")
            return
        }
    }

    @Test func theNextInTheQueueGetsThePlaceOfWhatIsBeingClosed() {
        var state = idle(2, warm: 0)
        _ = state.round()
        let unused = state.round().unused
        #expect(unused == [1, 2])
        // Until they are closed, their places are taken.
        if case .some = state.acquire(id: 10, waiter: "a") { Issue.record("more connections than the bound") }
        guard case .handOver(.open, "a") = state.discard() else {
            Issue.record("the place did not go to a")
            return
        }
        _ = state.discard()
        #expect(state.total == 1)
    }

    @Test func aClosedPoolHasNoRounds() {
        var state = idle(2, warm: 0)
        _ = state.round()
        _ = state.close()
        let round = state.round()
        #expect(round.unused.isEmpty && !round.goesOn)
    }
}
