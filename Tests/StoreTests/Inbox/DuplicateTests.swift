import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Synchronization
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3)))
struct DuplicateTests {
    @Test func aRetryIsStoredOnceWheneverItComes() async throws {
        try await withShipping { shipping in
            let body = Self.message("A", at: 1)
            let first = try await shipping.accept([body, body, body])
            await shipping.shipper.shipRemainder()
            let second = try await shipping.accept([body])
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.storedIDs() == [first[0]])
            #expect(shipping.shipper.status.retries == 3)
            #expect(shipping.shipper.status.repeated == 0)
            for id in [first[1], first[2], second[0]] {
                #expect(try await shipping.archive.original(of: id) == first[0])
            }
            #expect(try await shipping.archive.original(of: first[0]) == nil)
        }
    }

    /// One server sent each message ten times, whatever it was answered.
    @Test func tenCopiesOfAMessageAreStoredOnce() async throws {
        try await withShipping { shipping in
            let ids = try await shipping.accept((1...10).map { Self.message("A", at: $0) })
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.storedIDs() == [ids[0]])
            #expect(shipping.shipper.status.copies == 9)
        }
    }

    @Test func aMessageThatTwoInstancesSeeIsStoredForBoth() async throws {
        try await withShipping { shipping in
            _ = try await shipping.accept([Self.message("A", at: 1)])
            _ = try await shipping.accept([Self.message("A", at: 1)], integration: IntegrationID(UUID()))
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.storedIDs().count == 2)
        }
    }

    @Test func everyEditIsKeptAndEveryStepOfAReceipt() async throws {
        try await withShipping { shipping in
            func edit(_ text: String, _ milliseconds: Int, at second: Int) -> String {
                Self.body(
                    "messages.edited",
                    #"{"key":{"id":"A","fromMe":false},"editedMessage":{"conversation":"\#(text)"},"#
                        + #""timestampMs":"\#(milliseconds)"}"#, at: second)
            }
            func receipt(_ status: String, at second: Int) -> String {
                Self.body("messages.update", #"{"keyId":"A","fromMe":true,"status":"\#(status)"}"#, at: second)
            }
            let kept = [
                edit("a", 1, at: 1), edit("b", 2, at: 2), edit("a", 3, at: 3), receipt("SERVER_ACK", at: 4),
                receipt("DELIVERY_ACK", at: 5), receipt("READ", at: 6), receipt("DELETED", at: 7),
                receipt("DELETED", at: 8),
            ]
            let repeated = [edit("b", 2, at: 9), receipt("READ", at: 10), receipt("DELETED", at: 8)]
            let ids = try await shipping.accept(kept + repeated)
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.storedIDs() == Set(ids.prefix(kept.count)))
            #expect(shipping.shipper.status.copies == 2)
            #expect(shipping.shipper.status.retries == 1)
        }
    }

    @Test func heldEventsAreDedupedAmongThemselvesAndProbesNever() async throws {
        try await withShipping { shipping in
            let body = Self.message("A", at: 1)
            let undecided = AcceptedEvent.Disposition.undecided(.instance(InstanceName("stranger")))
            let held = try await shipping.accept([body, body], .quarantined(.integrationDisabled))
            let pending = try await shipping.accept([body, body])
            let probes = try await shipping.accept([body, body], .probe)
            let unknown = try await shipping.accept(
                [body, body, Self.message("A", at: 2)], undecided, integration: nil)
            await shipping.shipper.shipRemainder()
            #expect(
                try await shipping.storedIDs()
                    == [held[0], pending[0], probes[0], probes[1], unknown[0], unknown[2]])
        }
    }

    /// A released event is pending again, and what comes now is measured against itself alone.
    @Test func aReleaseIsNotSwallowed() async throws {
        try await withShipping { shipping in
            let body = Self.message("A", at: 1)
            let held = try await shipping.accept([body], .quarantined(.noClinic))
            await shipping.shipper.shipRemainder()
            try await shipping.pool.query("UPDATE hookgate.events SET state = 'pending', quarantine_reason = NULL")
            _ = try await shipping.accept([body], .quarantined(.noClinic))
            await shipping.shipper.shipRemainder()
            let rows = try await shipping.archive.list(EventFilter()).events
            #expect(rows.map(\.id) == held)
            #expect(rows.first?.state == .pending)
        }
    }

    @Test func aCrashBetweenCommitAndCheckpointCountsNothingTwice() async throws {
        try await withShipping { shipping in
            let bodies = (0..<6).map { Self.message("A\($0 / 2)", at: $0) } + [Self.message("A0", at: 0)]
            _ = try await shipping.accept(bodies)
            let writer = InboxWriter(pool: shipping.pool, gatewayID: shipping.spool.gatewayID, time: .system)
            let batch = try await shipping.spool.reader.next(maximumRecords: 20, maximumBytes: .max)
            let records = batch.entries.map { InboxRecord($0.event, of: $0) }
            #expect(try await writer.write(records[...]) == InboxCounts(stored: 3, retries: 1, copies: 3))
            // Here the process would end; the next one reads the same records again, in other batches.
            #expect(try await writer.write(records[..<3]) == InboxCounts())
            await shipping.shipper.shipRemainder()
            #expect(shipping.shipper.status.repeated == 7)
            #expect(try await shipping.count("SELECT sum(count)::bigint AS count FROM hookgate.duplicate_counts") == 4)
            #expect(try await shipping.count("SELECT sum(count)::bigint AS count FROM hookgate.route_traffic") == 7)
        }
    }

    /// Whatever was accepted is in the spool, in the inbox or counted as a repetition.
    @Test func nothingIsUnaccountedFor() async throws {
        try await withShipping { shipping in
            var random = SeededGenerator(seed: 7)
            for _ in 0..<8 {
                let bodies = (0..<40).map { _ in
                    Self.message(
                        "A\(Int.random(in: 0...20, using: &random))", at: Int.random(in: 0...2, using: &random))
                }
                _ = try await shipping.accept(bodies)
                if Bool.random(using: &random) { await shipping.shipper.shipRemainder() }
                let spool = await shipping.spool.reader.statistics()
                let known = try await shipping.count(
                    """
                    SELECT ((SELECT count(*) FROM hookgate.events)
                        + (SELECT coalesce(sum(count), 0) FROM hookgate.duplicate_counts))::bigint AS count
                    """)
                #expect(Int64(spool.acceptedRecords) == Int64(spool.depthRecords) + known)
            }
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.storedIDs().count == 21)
        }
    }

    @Test func twoGatewaysWithTheSameEventsStoreEachOnce() async throws {
        try await withShipping { one in
            try await withShipping(in: one.database) { two in
                let bodies = (0..<60).map { Self.message("A\($0)", at: $0) }
                _ = try await one.accept(bodies)
                _ = try await two.accept(bodies.reversed())
                async let first: Void = one.shipper.shipRemainder()
                async let second: Void = two.shipper.shipRemainder()
                _ = await (first, second)
                #expect(one.shipper.status.lastFailure == nil)
                #expect(two.shipper.status.lastFailure == nil)
                #expect(try await one.storedIDs().count == 60)
                #expect(one.shipper.status.retries + two.shipper.status.retries == 60)
            }
        }
    }

    /// The second waits for the first, and stores its own when the first one's was not stored after all.
    @Test func whoWaitsForAKeyStoresTheEventWhenTheOtherFails() async throws {
        try await withShipping { shipping in
            let body = Self.message("A", at: 1)
            let other = InboxRecord(shipping.event(body), of: shipping.entry(body))
            let waiting: Task<Void, Never> = try await shipping.pool.withConnection { connection in
                try await connection.query("BEGIN")
                let ledger = DedupeLedger(connection: connection)
                #expect(try await ledger.duplicates(among: [other], at: Date()).isEmpty)
                _ = try await shipping.accept([body])
                let shipper = shipping.shipper
                let task = Task { await shipper.shipRemainder() }
                let waiters = """
                    SELECT count(*)::bigint AS count FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """
                while try await shipping.count(waiters) == 0 {
                    await Task.yield()
                }
                try await connection.query("ROLLBACK")
                return task
            }
            await waiting.value
            #expect(shipping.shipper.status.stored == 1)
        }
    }

    @Test func keysExpireAfterAWeekAndAreRemoved() async throws {
        try await withShipping { shipping in
            let week: TimeInterval = 7 * 24 * 3_600
            let body = Self.message("A", at: 1)
            _ = try await shipping.accept([body, body])
            await shipping.shipper.shipRemainder()
            shipping.clock.move(by: week - 1)
            _ = try await shipping.accept([body])
            await shipping.shipper.shipRemainder()
            #expect(shipping.shipper.status.retries == 2)
            shipping.clock.move(by: 2)
            let again = try await shipping.accept([body])
            await shipping.shipper.shipRemainder()
            #expect(shipping.shipper.status.stored == 2)
            #expect(try await shipping.storedIDs().isSuperset(of: again))
            // What has expired counts no more; it is removed within a minute, and what was counted stays counted.
            shipping.clock.move(by: 60)
            _ = try await shipping.accept([Self.message("B", at: 2)])
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.count("SELECT count(*)::bigint AS count FROM hookgate.duplicate_events") == 1)
            #expect(try await shipping.count("SELECT count(*)::bigint AS count FROM hookgate.dedupe_keys") == 4)
            shipping.clock.move(by: week + 61)
            _ = try await shipping.accept([Self.message("C", at: 3)])
            await shipping.shipper.shipRemainder()
            #expect(try await shipping.count("SELECT count(*)::bigint AS count FROM hookgate.duplicate_events") == 0)
            #expect(try await shipping.count("SELECT count(*)::bigint AS count FROM hookgate.dedupe_keys") == 2)
            #expect(try await shipping.count("SELECT sum(count)::bigint AS count FROM hookgate.duplicate_counts") == 2)
        }
    }

    // MARK: - Bodies

    private static func message(_ id: String, at second: Int) -> String {
        body("messages.upsert", #"{"key":{"id":"\#(id)","fromMe":false},"message":{"conversation":"Oi"}}"#, at: second)
    }

    private static func body(_ event: String, _ data: String, at second: Int) -> String {
        #"{"event":"\#(event)","instance":"clinic","data":\#(data),"date_time":"2026-01-01T00:00:0\#(second)Z"}"#
    }
}

/// A spool in a directory of its own, a shipper between it and a database, and a clock that a test moves.
private struct Shipping: Sendable {
    static let integration = IntegrationID(UUID())

    let database: TestDatabase
    let spool: Spool
    let shipper: Shipper
    let clock: MovableTime

    var pool: PostgresPool { database.pool }
    var archive: PostgresEventArchive { PostgresEventArchive(pool: pool) }

    func event(
        _ body: String, _ disposition: AcceptedEvent.Disposition = .pending,
        integration: IntegrationID? = integration
    ) -> AcceptedEvent {
        AcceptedEvent(
            id: EventID(UUID()), receivedAt: clock.source.now, route: .token, eventSuffix: nil,
            disposition: disposition, integrationID: integration, organizationID: nil, clinicID: nil,
            instanceName: InstanceName("clinic"), facts: (try? BodyScanner.scan(Array(body.utf8))) ?? BodyFacts(),
            body: Array(body.utf8))
    }

    func entry(_ body: String) -> SpoolBatch.Entry {
        SpoolBatch.Entry(sequence: 0, position: SpoolPosition(segment: 0, offset: 0), event: event(body))
    }

    /// Spools bodies as events that came one after another; gives their ids.
    func accept(
        _ bodies: some Sequence<String>, _ disposition: AcceptedEvent.Disposition = .pending,
        integration: IntegrationID? = integration
    ) async throws -> [EventID] {
        var ids: [EventID] = []
        for body in bodies {
            let event = event(body, disposition, integration: integration)
            let result = await withCheckedContinuation { done in spool.append(event) { done.resume(returning: $0) } }
            _ = try result.get()
            ids.append(event.id)
        }
        return ids
    }

    func storedIDs() async throws -> Set<EventID> {
        var filter = EventFilter()
        filter.limit = EventFilter.largestPage
        return Set(try await archive.list(filter).events.map(\.id))
    }

    func count(_ query: String) async throws -> Int64 {
        try await pool.query(query)[0].decode("count")
    }
}

/// A time that only moves when it is told to.
private final class MovableTime: Sendable {
    private let now = Mutex(Date(timeIntervalSince1970: 1_760_918_400))

    var source: TimeSource { TimeSource { self.now.withLock { $0 } } }

    func move(by seconds: TimeInterval) {
        now.withLock { $0.addTimeInterval(seconds) }
    }
}

private func withShipping(_ body: (Shipping) async throws -> Void) async throws {
    try await withSchema { database in try await withShipping(in: database, body) }
}

private func withShipping(in database: TestDatabase, _ body: (Shipping) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/hookgate-duplicates-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var options = SpoolOptions()
    options.segmentBytes = 1 << 20
    let spool = try await Spool.open(directory: directory, options: options)
    let clock = MovableTime()
    var shipping = Shipper.Options()
    shipping.remainderTime = .seconds(60)
    let shipper = Shipper(
        spool: spool, pool: database.pool, routing: InMemoryRoutingSource(), options: shipping, time: clock.source,
        logger: Logger(label: "test"))
    try await body(Shipping(database: database, spool: spool, shipper: shipper, clock: clock))
}
