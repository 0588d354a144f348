import HookgateCore
import HookgateTestSupport
import Logging
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1)))
struct RoutingFeedTests {
    private let clock = ManualClock()

    /// Runs a feed beside the body and ends it after.
    private func withFeed(
        _ source: InMemoryRoutingSource, _ body: (RoutingTable) async throws -> Void
    ) async rethrows {
        let time = MonotonicTime(self.clock)
        let table = RoutingTable(time: time)
        let metrics = GatewayMetrics()
        let resolver = Resolver(table: table, source: source, metrics: metrics, time: time)
        let feed = RoutingFeed(
            source: source, table: table, resolver: resolver, metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, time: time)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await feed.run() }
            try await body(table)
            group.cancelAll()
        }
    }

    @Test func everythingIsLoadedAtTheStart() async {
        let source = InMemoryRoutingSource(Sample.world())
        await withFeed(source) { table in
            // Opening the channel of notices asks for the first poll, which follows the load.
            await source.polls.wait(for: 1)
            #expect(table.status == .init(integrations: 1, tokens: 1, isComplete: true, isLive: true))
        }
    }

    @Test func noticeBringsAChangeAtOnce() async {
        let source = InMemoryRoutingSource(Sample.world())
        await withFeed(source) { table in
            await source.polls.wait(for: 1)
            source.commit(.token(Sample.digest, Sample.integrationID(), .revoked, revision: 2))
            source.notify()
            await source.polls.wait(for: 2)
            // A poll applies its changes before the next begins.
            source.notify()
            await source.polls.wait(for: 3)
            #expect(table.fact(for: .token(Sample.digest)) == .token(Sample.entry(), .revoked))
        }
    }

    @Test func pollFindsWhatALostNoticeWouldHaveTold() async {
        let source = InMemoryRoutingSource(Sample.world())
        await withFeed(source) { table in
            await source.polls.wait(for: 1)
            source.commit(.token(Sample.digest, Sample.integrationID(), .revoked, revision: 2))
            for poll in 2...3 {
                await self.clock.waitForSleepers(1)
                self.clock.advance(by: .milliseconds(1_500))
                await source.polls.wait(for: poll)
            }
            #expect(table.fact(for: .token(Sample.digest)) == .token(Sample.entry(), .revoked))
        }
    }

    @Test func lostChannelIsOpenedAgain() async {
        let source = InMemoryRoutingSource(Sample.world())
        await withFeed(source) { table in
            await source.polls.wait(for: 1)
            source.loseNotices()
            await self.clock.waitForSleepers(2)
            self.clock.advance(by: .milliseconds(100))
            await source.listeners.wait(for: 2)
            await source.polls.wait(for: 2)
            source.commit(.integrationDeleted(Sample.integrationID(), revision: 2))
            source.notify()
            await source.polls.wait(for: 3)
            source.notify()
            await source.polls.wait(for: 4)
            #expect(table.fact(for: .token(Sample.digest)) == .revokedToken)
        }
    }

    @Test func outageLeavesTheTableAndMakesItStale() async {
        let source = InMemoryRoutingSource(Sample.world())
        await withFeed(source) { table in
            await source.polls.wait(for: 1)
            source.setOutage(.unavailable("down"))
            source.notify()
            await source.polls.wait(for: 2)
            self.clock.advance(by: .seconds(6))
            #expect(!table.isLive)
            #expect(!table.isAuthoritative)
            #expect(table.fact(for: .token(Sample.digest)) == .token(Sample.entry(), .current))
        }
    }

    @Test func sourceThatIsDownAtTheStartIsTriedUntilItAnswers() async {
        let source = InMemoryRoutingSource(Sample.world())
        source.setOutage(.timedOut)
        await withFeed(source) { table in
            // The feed's ticker, its load and its listener.
            await self.clock.waitForSleepers(3)
            #expect(!table.status.isComplete)
            source.setOutage(nil)
            self.clock.advance(by: .milliseconds(100))
            await source.loads.wait(for: 2)
            await source.polls.wait(for: 1)
            #expect(table.status.isComplete)
            #expect(table.fact(for: .token(Sample.digest)) == .token(Sample.entry(), .current))
        }
    }
}
