import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import Synchronization
import Testing

@testable import Gateway

/// What is refused is counted by who sent it, as far as anybody knows, and written off the path.
struct RefusalTallyTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Keeps what it is given, and can be down.
    private final class Ledger: RefusalLedger {
        private struct Down: Error {}

        private let state = Mutex<(isDown: Bool, counts: [RefusalKey: RefusalCount])>((false, [:]))

        var counts: [RefusalKey: RefusalCount] { self.state.withLock { $0.counts } }

        func setDown(_ isDown: Bool) { self.state.withLock { $0.isDown = isDown } }

        func add(_ counts: [RefusalKey: RefusalCount]) async throws {
            try self.state.withLock { state in
                if state.isDown { throw Down() }
                state.counts.merge(counts, uniquingKeysWith: +)
            }
        }

        func total(_ reason: RefusalReason, _ instance: InstanceName?) -> Int {
            self.counts.filter { $0.key.reason == reason && $0.key.instance == instance }.values.reduce(0) {
                $0 + $1.count
            }
        }
    }

    /// Sends requests to a gateway, and gives what it refused.
    private static func refusals(
        of requests: [String], spool: InMemorySpool.Behaviour = .stores,
        _ change: (inout GatewayLimits) -> Void = { _ in }
    ) async throws -> Ledger {
        // No look-up begins: it would answer from another thread, and this channel has but one.
        let gateway = TestGateway(spool: spool, lookUps: 0, change)
        for request in requests { try gateway.send(request) }
        let ledger = Ledger()
        await gateway.refusals.flush(to: ledger, logger: logger)
        return ledger
    }

    @Test func strangersAndKnownSendersAreCountedApart() async throws {
        let ledger = try await Self.refusals(of: [
            Raw.post("/webhooks/evolution/whatsapp/hgw_nonsense"), Raw.post(Raw.namePath, "{"),
            Raw.post(Raw.tokenPath, "[]"), Raw.post(Raw.namePath, headers: ["Content-Encoding: gzip"]),
            Raw.post("/webhooks/evolution/.env", headers: ["Content-Encoding: gzip"]), Raw.post(Raw.namePath),
        ])
        #expect(ledger.total(.unknown, nil) == 1)
        #expect(ledger.total(.malformed, Sample.name) == 2)
        #expect(ledger.total(.encoded, Sample.name) == 1)
        #expect(ledger.total(.encoded, nil) == 1)
        #expect(ledger.counts.count == 5)
    }

    @Test func whatCannotBeStoredAndWhatIsTooLongIsCounted() async throws {
        let failing = try await Self.refusals(of: [Raw.post(Raw.namePath)], spool: .fails(.full))
        #expect(failing.total(.notStored, Sample.name) == 1)
        let long = String(repeating: "x", count: 200)
        let bounded = try await Self.refusals(of: [Raw.post(Raw.namePath, long), Raw.chunked([long], Raw.namePath)]) {
            $0.bodyBytes = 100
        }
        #expect(bounded.total(.tooLarge, Sample.name) == 2)
    }

    @Test func whatTheLedgerDoesNotTakeIsKept() async {
        let tally = RefusalTally()
        let ledger = Ledger()
        ledger.setDown(true)
        tally.note(.unknown, route: .instance, instance: nil)
        await tally.flush(to: ledger, logger: Self.logger)
        #expect(ledger.counts.isEmpty)
        tally.note(.unknown, route: .instance, instance: nil)
        ledger.setDown(false)
        await tally.flush(to: ledger, logger: Self.logger)
        await tally.flush(to: ledger, logger: Self.logger)
        #expect(ledger.total(.unknown, nil) == 2)
    }

    @Test func whatIsKeptIsBounded() async {
        var settings = RefusalTally.Settings()
        settings.maximumKeys = 10
        let tally = RefusalTally(settings: settings)
        for number in 0..<100 { tally.note(.malformed, route: .instance, instance: InstanceName("i\(number)")) }
        let ledger = Ledger()
        await tally.flush(to: ledger, logger: Self.logger)
        #expect(ledger.counts.count == 11)
        #expect(ledger.total(.malformed, nil) == 90)
    }
}
