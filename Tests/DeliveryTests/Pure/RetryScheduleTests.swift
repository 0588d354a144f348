import FoundationEssentials
import HookgateCore
import Testing

struct RetryScheduleTests {
    private static let start = Date(timeIntervalSince1970: 1_760_918_400)
    private static let schedule = RetrySchedule()

    private static func step(
        _ result: AttemptResult, attempts: Int = 1, rejections: Int = 0, after: TimeInterval = 0, dice: Double = 1
    ) -> RetrySchedule.Step {
        schedule.step(
            after: result, .init(attempts: attempts, rejections: rejections, firstAttemptAt: start),
            at: start.addingTimeInterval(after), dice: dice)
    }

    @Test(arguments: [(1, 5.0), (2, 10), (3, 20), (10, 2_560), (11, 5_120), (12, 7_200), (100, 7_200)])
    func eachWaitIsTwiceAsLongUpToABound(attempts: Int, delay: TimeInterval) {
        let step = Self.step(.serverError(status: 500), attempts: attempts)
        #expect(step == .retry(at: Self.start.addingTimeInterval(delay)))
    }

    @Test(arguments: [0, 0.25, 0.5, 1])
    func aWaitIsDrawnFromTheWholeOfItsRange(dice: Double) {
        let step = Self.step(.timedOut, attempts: 3, dice: dice)
        #expect(step == .retry(at: Self.start.addingTimeInterval(20 * dice)))
    }

    @Test(arguments: [
        AttemptResult.serverError(status: 502), .timedOut, .connectionFailed(.nameResolution), .connectionFailed(.tls),
        .gone, .throttled(status: 429, retryAfter: nil), .redirected(status: 302), .forbiddenAddress,
        .unsendable(.secretsMissing),
    ])
    func whatMayPassIsTriedForTwentyEightHoursAndThenParked(result: AttemptResult) {
        guard case .retry = Self.step(result, attempts: 30, after: 28 * 3_600 - 1) else {
            Issue.record("not tried any more: \(result)")
            return
        }
        #expect(Self.step(result, attempts: 30, after: 28 * 3_600) == .park(.exhausted))
    }

    @Test func aRefusalForGoodParksAfterThreeTries() {
        guard case .retry = Self.step(.rejected(status: 422), attempts: 2, rejections: 2) else {
            Issue.record("parked too early")
            return
        }
        #expect(Self.step(.rejected(status: 422), attempts: 3, rejections: 3) == .park(.rejected))
    }

    @Test func retryAfterIsHonouredUpToAnHour() {
        func wait(_ asked: Duration) -> RetrySchedule.Step {
            Self.step(.throttled(status: 429, retryAfter: asked), dice: 0)
        }
        #expect(wait(.seconds(120)) == .retry(at: Self.start.addingTimeInterval(120)))
        #expect(wait(.seconds(86_400)) == .retry(at: Self.start.addingTimeInterval(3_600)))
        #expect(wait(.seconds(-5)) == .retry(at: Self.start))
    }

    @Test func whatCanNeverBeSentIsParkedAtOnce() {
        #expect(Self.step(.unsendable(.bodyGone)) == .park(.bodyGone))
        #expect(Self.step(.unsendable(.bodyUnreadable)) == .park(.bodyUnreadable))
    }

    @Test func aDeliveryIsSettled() {
        #expect(Self.step(.delivered(status: 204), attempts: 9, after: 1e6) == .settled)
    }
}
