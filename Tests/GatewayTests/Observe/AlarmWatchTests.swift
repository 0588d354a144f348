import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import Synchronization
import Testing

@testable import Gateway

/// Alarms go out, far from everything else, and a receiver that fails is tried again.
@Suite(.timeLimit(.minutes(1)))
struct AlarmWatchTests {
    private struct Failing: Error {}

    private final class Receiver: AlarmSender {
        let tries = Mutex<[(name: String, kind: AlarmNotice.Kind, id: String)]>([])
        let tried = Milestone()
        let failures: Int

        init(failures: Int) {
            self.failures = failures
        }

        func send(_ notice: AlarmNotice, id: String) async throws {
            let count = self.tries.withLock { tries in
                tries.append((notice.alarm.name, notice.kind, id))
                return tries.count
            }
            self.tried.reach()
            if count <= self.failures { throw Failing() }
        }
    }

    private static func watch(_ receiver: Receiver, _ clock: ManualClock) -> AlarmWatch {
        var settings = AlarmWatch.Settings()
        settings.book.warningHolds = 0
        return AlarmWatch(
            sender: receiver, settings: settings, time: MonotonicTime(clock),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func outcomes(_ watch: AlarmWatch) -> [Double] { watch.samples().map(\.value) }

    @Test func aNoticeIsTriedAgainUnderTheSameID() async {
        let receiver = Receiver(failures: 2)
        let clock = ManualClock()
        let watch = Self.watch(receiver, clock)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run(StillReporting()) }
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(5))
            await receiver.tried.wait(for: 1)
            await clock.waitForSleepers(2)
            clock.advance(by: .seconds(5))
            await receiver.tried.wait(for: 2)
            await clock.waitForSleepers(2)
            clock.advance(by: .seconds(5))
            await receiver.tried.wait(for: 3)
            group.cancelAll()
        }
        let tries = receiver.tries.withLock { $0 }
        #expect(tries.map(\.name) == ["postgres", "postgres", "postgres"])
        #expect(Set(tries.map(\.id)).count == 1)
        #expect(tries.first?.id.hasPrefix("msg_") == true)
    }

    @Test func aReceiverThatStaysAwayIsGivenUpAndCounted() async {
        let receiver = Receiver(failures: .max)
        let clock = ManualClock()
        let watch = Self.watch(receiver, clock)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run(StillReporting()) }
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(5))
            for count in 1...5 {
                await receiver.tried.wait(for: count)
                if count < 5 { await clock.waitForSleepers(2) }
                clock.advance(by: .seconds(120))
            }
            while Self.outcomes(watch) != [0, 1] { await Task.yield() }
            group.cancelAll()
        }
        #expect(receiver.tries.withLock { $0.count } == 5)
    }
}
