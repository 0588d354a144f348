import FoundationEssentials
import HookgateCore
import Testing

struct CircuitBreakerTests {
    private static let now = Date(timeIntervalSince1970: 1_760_918_400)

    private static func after(_ failures: Int, of attempts: Int) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for number in 0..<attempts {
            if number < attempts - failures { breaker.succeeded() } else { breaker.failed(.timedOut, at: now) }
        }
        return breaker
    }

    @Test(arguments: [(9, 9, false), (10, 10, true), (6, 10, false), (7, 10, true), (4, 20, false)])
    func opensWhenMostOfTheLatestAttemptsFailed(failures: Int, attempts: Int, opens: Bool) {
        #expect((Self.after(failures, of: attempts).state != .closed) == opens)
    }

    @Test func letsOneThroughWhenThePauseIsOverAndAllAfterASuccess() {
        var breaker = Self.after(10, of: 10)
        #expect(breaker.state == .open(until: Self.now.addingTimeInterval(5)))
        breaker.look(at: Self.now.addingTimeInterval(4))
        #expect(breaker.state != .halfOpen)
        breaker.look(at: Self.now.addingTimeInterval(5))
        #expect(breaker.state == .halfOpen)
        breaker.succeeded()
        #expect(breaker.state == .closed)
        breaker.failed(.timedOut, at: Self.now)
        #expect(breaker.state == .closed, "what failed before the success is forgotten")
    }

    @Test func eachFailedProbeMakesThePauseLongerUpToABound() {
        var breaker = Self.after(10, of: 10)
        var now = Self.now
        var pauses: [TimeInterval] = []
        for _ in 1...9 {
            guard case .open(let until) = breaker.state else { break }
            pauses.append(until.timeIntervalSince(now))
            now = until
            breaker.look(at: now)
            breaker.failed(.serverError(status: 500), at: now)
        }
        #expect(pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300])
    }

    @Test func aDestinationThatIsGoneOrAsksForTimeIsLeftAloneAtOnce() {
        var gone = CircuitBreaker()
        gone.failed(.gone, at: Self.now)
        #expect(gone.state == .open(until: Self.now.addingTimeInterval(300)))
        var busy = CircuitBreaker()
        busy.failed(.throttled(status: 429, retryAfter: .seconds(30)), at: Self.now)
        #expect(busy.state == .open(until: Self.now.addingTimeInterval(30)))
    }
}
