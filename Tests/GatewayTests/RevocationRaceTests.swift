import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import Synchronization
import Testing

@testable import Gateway

/// A token is revoked while everybody is reading it: what was read before must not bring it back.
@Suite(.timeLimit(.minutes(WholeSize.isWanted ? 60 : 2)))
struct RevocationRaceTests {
    /// Ten thousand tokens, each filled forty times with what was true before, by two readers at once, and revoked amid
    /// that.
    @Test func noFillUndoesARevocation() async {
        let rounds = 10_000
        let table = RoutingTable()
        var undone = 0
        for round in 0..<rounds {
            let digest = TokenDigest(of: "token \(round)")
            let entry = Self.entry(round % 500)
            let before = RoutingFact.token(entry, .current)
            let revocation = Self.revocation(of: digest, entry, kind: round % 3)
            await withTaskGroup(of: Void.self) { group in
                for reader in 0..<2 {
                    group.addTask {
                        for fill in 0..<20 {
                            _ = table.fill(before, for: .token(digest))
                            if reader == 0, fill == round % 20 { table.apply([revocation]) }
                        }
                    }
                }
            }
            let resolution = table.fact(for: .token(digest)).map { Resolution($0, at: Date()) }
            if resolution != .revoked { undone += 1 }
        }
        #expect(undone == 0)
    }

    /// A thousand readers wait for an answer that was read before the commit and comes after it, while the channel of
    /// changes lives or has lost its notice: ten thousand times in `make faults`.
    @Test func nobodyIsAcceptedTwoSecondsAfterTheCommit() async {
        let clock = ManualClock()
        let time = MonotonicTime(clock)
        let source = InMemoryRoutingSource()
        let table = RoutingTable(time: time)
        let metrics = GatewayMetrics()
        // So that all are told by the source's late answer and none by a deadline, which is over before it is late.
        var settings = Resolver.Settings()
        settings.deadline = .seconds(1_000_000)
        let resolver = Resolver(table: table, source: source, settings: settings, metrics: metrics, time: time)
        let feed = RoutingFeed(
            source: source, table: table, resolver: resolver, metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, time: time)
        let accepted = Counter()
        let answered = Milestone()
        // Before, the feed may have shown the token to the table while it was still good.
        let isLate = Atomic(false)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await feed.run() }
            await source.polls.wait(for: 1)
            for round in 0..<(WholeSize.isWanted ? 10_000 : 100) {
                // The feed, and the deadlines of all rounds before.
                await clock.waitForSleepers(round + 1)
                let digest = TokenDigest(of: "token \(round)")
                let key = RoutingKey.token(digest)
                let entry = Self.entry(round)
                source.commit(.integration(entry), .token(digest, entry.integrationID, .current, revision: 1))
                source.hold()
                for _ in 0..<1_000 {
                    resolver.lookUp(key) { resolution in
                        if case .deliverable = resolution, isLate.load(ordering: .sequentiallyConsistent) {
                            accepted.add()
                        }
                        answered.reach()
                    }
                }
                await source.lookUps.wait(for: round + 1)
                source.commit(.token(digest, entry.integrationID, .revoked, revision: 2))
                if round.isMultiple(of: 2) { source.notify() }
                await clock.waitForSleepers(round + 2)
                clock.advance(by: .milliseconds(1_500))
                // By a notice, or by the poll that the clock has just let go.
                while table.fact(for: key).map({ Resolution($0, at: Date()) }) != .revoked { await Task.yield() }
                clock.advance(by: .milliseconds(500))
                isLate.store(true, ordering: .sequentiallyConsistent)
                source.release()
                await answered.wait(for: (round + 1) * 1_000)
                if resolver.resident(key, at: Date()) != .revoked { accepted.add() }
                isLate.store(false, ordering: .sequentiallyConsistent)
            }
            group.cancelAll()
        }
        clock.advance(by: settings.deadline)
        #expect(accepted.count == 0)
    }

    private static func entry(_ number: Int) -> RoutingEntry {
        Sample.entry(number, name: InstanceName("instance-\(number)"))
    }

    /// Revoked on purpose, replaced by hand with the row still there, or gone with its row.
    private static func revocation(of digest: TokenDigest, _ entry: RoutingEntry, kind: Int) -> RoutingChange {
        switch kind {
        case 0: .token(digest, entry.integrationID, .revoked, revision: 2)
        case 1: .token(digest, nil, .revoked, revision: 2)
        default: .token(digest, entry.integrationID, .revoked, revision: 1)
        }
    }
}
