import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3)))
struct ShipperTests {
    private static let clinic = ClinicID(UUID())
    private static let integration = IntegrationID(UUID())
    private static let receivedAt = Date(timeIntervalSince1970: 1_760_918_400)

    /// A spool in a directory of its own, and a shipper between it and the database.
    private static func withShipper(
        _ database: TestDatabase, routing: (any RoutingSource)? = nil,
        _ body: (Spool, Shipper) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/hookgate-shipper-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = SpoolOptions()
        options.segmentBytes = 1 << 20
        let spool = try await Spool.open(directory: directory, options: options)
        let shipper = Shipper(
            spool: spool, pool: database.pool,
            routing: routing ?? PostgresRoutingSource(pool: database.pool, listenURL: nil),
            logger: Logger(label: "test"),
            sleep: { _ in try await Task.sleep(for: .seconds(60)) })
        try await body(spool, shipper)
    }

    private static func event(
        _ disposition: AcceptedEvent.Disposition = .pending, instance: String = "clinic-abc123",
        message: String? = nil, body: String = #"{"event":"messages.upsert","apikey":"KEY","data":{"text":"Oi"}}"#
    ) -> AcceptedEvent {
        AcceptedEvent(
            id: EventID(UUID()), receivedAt: receivedAt, route: .token, eventSuffix: nil, disposition: disposition,
            integrationID: integration, organizationID: nil, clinicID: clinic, instanceName: InstanceName(instance),
            facts: BodyFacts(event: "messages.upsert", instance: instance, messageID: message), body: Array(body.utf8))
    }

    private static func store(_ events: [AcceptedEvent], in spool: Spool) async throws {
        for event in events {
            let result = await withCheckedContinuation { done in spool.append(event) { done.resume(returning: $0) } }
            _ = try result.get()
        }
    }

    private static func rows(_ database: TestDatabase) async throws -> [EventSummary] {
        var filter = EventFilter()
        filter.limit = EventFilter.largestPage
        return try await PostgresEventArchive(pool: database.pool).list(filter).events
    }

    /// Nobody knew of the second factor when its request was there to be looked at.
    @Test func undecidedEventOfAnIntegrationThatEnforcesIsHeldForItsFactor() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-abc123")
            try await database.pool.query(
                "INSERT INTO hookgate.second_factors (integration_id, mode, jwt_key) VALUES ($1::uuid, 'enforce', 'k')",
                [id])
            try await Self.withShipper(database) { spool, shipper in
                let event = Self.event(.undecided(.instance(InstanceName("clinic-abc123"))))
                try await Self.store([event], in: spool)
                try await shipper.shipAll { _ in }
                let row = try #require(try await Self.rows(database).first)
                #expect(row.state == .quarantined && row.quarantineReason == "second_factor_missing")
                #expect(row.integrationID?.text == id)
            }
        }
    }

    @Test func everyEventReachesTheInboxWithoutItsSecrets() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                let events = (0..<700).map { _ in Self.event() }
                try await Self.store(events, in: spool)
                await shipper.shipRemainder()
                let stored = try await Self.rows(database)
                #expect(Set(stored.map(\.id)) == Set(events.map(\.id)))
                #expect(stored.count == events.count)
                #expect(spool.statistics().depthRecords == 0)
                let bodies = try await database.pool.query("SELECT DISTINCT body FROM hookgate.event_bodies")
                let body: [UInt8] = try bodies[0].decode("body")
                #expect(bodies.count == 1)
                #expect(String(decoding: body, as: UTF8.self) == #"{"event":"messages.upsert","data":{"text":"Oi"}}"#)
            }
        }
    }

    @Test func anEventSaysWhichTokenItCameOnAndNotTheTokenItself() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                let token = WebhookToken(randomBytes: Array(0..<32))
                let url = "https://hooks.example.test/webhooks/evolution/whatsapp/\(token.secretText)"
                let saying = Self.event(body: #"{"event":"call","destination":"\#(url)","data":{}}"#)
                let silent = Self.event(body: #"{"event":"call","data":{"x":1}}"#)
                try await Self.store([silent, saying], in: spool)
                await shipper.shipRemainder()
                let rows = try await database.pool.query(
                    "SELECT id, token_digest FROM hookgate.events ORDER BY token_digest NULLS LAST")
                #expect(try rows.map { try $0.decode("id", as: UUID.self) } == [saying.id.uuid, silent.id.uuid])
                #expect(try rows.map { try $0.decode("token_digest", as: [UInt8]?.self) } == [token.digest.bytes, nil])
            }
        }
    }

    /// As a file of its own in the spool, or inside a segment: it is the same event.
    @Test(arguments: [false, true])
    func aLongBodyReachesTheInboxInPartsWithoutItsSecrets(hasFile: Bool) async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                let media = String(repeating: "QUJD", count: 800_000)
                let stays = #"{"event":"messages.upsert","data":{"base64":"\#(media)","text":"Oi"}}"#
                let body = stays.replacing(#""data""#, with: #""apikey":"KEY","data""#)
                let token = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"
                let event = Self.event(body: body.replacing("Oi", with: "Oi \(token)"))
                if hasFile {
                    let answers = Answers()
                    try spool.appendLong(event, pieceBytes: 256 << 10, to: answers)
                    // Stored after it, so it is on disk as well.
                    try await Self.store([Self.event()], in: spool)
                    #expect(answers.stored == [event.id])
                } else {
                    try await Self.store([event, Self.event()], in: spool)
                }
                await shipper.shipRemainder()
                #expect(shipper.status.lastFailure == nil)
                let rows = try await database.pool.query(
                    """
                    SELECT b.body, e.body_bytes = octet_length(b.body) AS counts, e.body_sha256 = sha256(b.body) AS fits
                    FROM hookgate.events AS e JOIN hookgate.event_bodies AS b USING (day, id) WHERE e.id = $1
                    """, [event.id.uuid])
                let stored: [UInt8] = try #require(rows.first).decode("body")
                #expect(String(decoding: stored, as: UTF8.self) == stays.replacing("Oi", with: "Oi hgw_…"))
                #expect(try rows[0].decode("counts", as: Bool.self) && rows[0].decode("fits", as: Bool.self))
                #expect(try await Self.rows(database).count == 2)
            }
        }
    }

    @Test func aCrashBetweenCommitAndCheckpointStoresNothingTwice() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                try await Self.store((0..<20).map { _ in Self.event() }, in: spool)
                let writer = InboxWriter(pool: database.pool, gatewayID: spool.gatewayID, time: .system)
                let batch = try await spool.reader.next(maximumRecords: 20, maximumBytes: .max)
                let committed = try await writer.write(batch.entries.map { InboxRecord($0.event, of: $0) }[...])
                #expect(committed == InboxCounts(stored: 20))
                // Here the process would end; the next one reads the same records again.
                await shipper.shipRemainder()
                #expect(shipper.status.stored == 0)
                #expect(shipper.status.repeated == 20)
                let traffic = try await database.pool.query(
                    "SELECT sum(count)::bigint AS count FROM hookgate.route_traffic")
                let counted: Int64 = try traffic[0].decode("count")
                #expect(counted == 20)
            }
        }
    }

    @Test func undecidedEventsAreDecidedWhenTheyAreShipped() async throws {
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (id, clinic_id, type, provider, status, config, enabled)
                VALUES ($1, $2, 'whatsapp', 'evolution', 'active', '{"instance_name": "known"}', true)
                """, [Self.integration.uuid, Self.clinic.uuid])
            try await Self.withShipper(database) { spool, shipper in
                let known = Self.event(.undecided(.instance(InstanceName("known"))), instance: "known")
                let stranger = Self.event(.undecided(.instance(InstanceName("stranger"))), instance: "stranger")
                let mismatched = Self.event(.undecided(.instance(InstanceName("known"))), instance: "other")
                try await Self.store([known, stranger, mismatched], in: spool)
                await shipper.shipRemainder()
                let stored = Dictionary(uniqueKeysWithValues: try await Self.rows(database).map { ($0.id, $0) })
                #expect(stored[known.id]?.state == .pending)
                #expect(stored[known.id]?.clinicID == Self.clinic)
                #expect(stored[stranger.id]?.quarantineReason == QuarantineReason.unknownSender.rawValue)
                #expect(stored[mismatched.id]?.quarantineReason == QuarantineReason.instanceMismatch.rawValue)
            }
        }
    }

    @Test func aSenderThatCannotBeLookedUpDoesNotHoldUpTheOthers() async throws {
        try await withSchema { database in
            let routing = InMemoryRoutingSource()
            routing.setOutage(.unavailable("a legacy table that this role may not read"))
            try await Self.withShipper(database, routing: routing) { spool, shipper in
                let stranger = Self.event(.undecided(.instance(InstanceName("stranger"))), instance: "stranger")
                let known = Self.event()
                try await Self.store([stranger, known], in: spool)
                for _ in 1...Shipper.Options().lookUpAttempts { await shipper.shipRemainder() }
                let stored = Dictionary(uniqueKeysWithValues: try await Self.rows(database).map { ($0.id, $0) })
                #expect(stored[known.id]?.state == .pending)
                #expect(stored[stranger.id]?.state == .quarantined)
                #expect(stored[stranger.id]?.quarantineReason == QuarantineReason.undecided.rawValue)
            }
        }
    }

    @Test func noSenderIsGivenUpBecauseTheDatabaseIsAway() async throws {
        try await withSchema { database in
            let routing = InMemoryRoutingSource()
            routing.setOutage(.unavailable("the database system is starting up"))
            try await Self.withShipper(database, routing: routing) { spool, shipper in
                let waiting = Self.event(.undecided(.instance(InstanceName("known"))), instance: "known")
                try await Self.store([waiting], in: spool)
                try await Self.refuseConnections(true, to: database)
                for _ in 0...Shipper.Options().lookUpAttempts { await shipper.shipRemainder() }
                try await Self.refuseConnections(false, to: database)
                await shipper.shipRemainder()
                #expect(try await Self.rows(database).isEmpty)
                routing.setOutage(nil)
                await shipper.shipRemainder()
                #expect(
                    try await Self.rows(database).map(\.quarantineReason) == [QuarantineReason.unknownSender.rawValue])
            }
        }
    }

    /// As a server that is starting up does: nobody gets in, and who was in is out.
    private static func refuseConnections(_ refuses: Bool, to database: TestDatabase) async throws {
        let elsewhere = PostgresPool(url: database.url.replacing(database.name, with: "postgres"))
        let name = PostgresIdentifier.quote(database.name)
        _ = try await elsewhere.query("ALTER DATABASE \(name) ALLOW_CONNECTIONS \(!refuses)")
        try await elsewhere.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [database.name])
        await elsewhere.close()
    }

    @Test func aRowTheDatabaseRefusesDoesNotHoldUpTheOthers() async throws {
        try await withSchema { database in
            try await database.pool.execute(
                script: "ALTER TABLE hookgate.events ADD CHECK (message_id IS DISTINCT FROM 'refused')")
            try await Self.withShipper(database) { spool, shipper in
                var events = (0..<9).map { _ in Self.event() }
                events.insert(Self.event(message: "refused", body: #"{"data":1}"#), at: 4)
                events.append(Self.event(message: "with\0nul", body: #"{"data":2}"#))
                try await Self.store(events, in: spool)
                await shipper.shipRemainder()
                let stored = try await Self.rows(database)
                #expect(stored.count == events.count)
                #expect(stored.first { $0.id == events[4].id }?.messageID == nil)
                #expect(stored.first { $0.id == events[10].id }?.messageID == "with\u{FFFD}nul")
            }
        }
    }

    @Test func probesAndHeldEventsOnATokenAreNoTraffic() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                let held = Self.event(.quarantined(.instanceMismatch))
                try await Self.store([Self.event(.probe), held, Self.event()], in: spool)
                await shipper.shipRemainder()
                let traffic = try await database.pool.query(
                    "SELECT instance_name, route, count FROM hookgate.route_traffic")
                #expect(traffic.count == 1)
                let count: Int64 = try traffic[0].decode("count")
                #expect(count == 1)
            }
        }
    }

    @Test func whatTheInboxCannotTakeStaysInTheSpool() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                try await Self.store((0..<5).map { _ in Self.event() }, in: spool)
                try await database.pool.execute(script: "ALTER TABLE hookgate.events RENAME TO moved_away")
                await shipper.shipRemainder()
                #expect(shipper.status.lastFailure != nil)
                #expect(spool.statistics().depthRecords == 5)
                try await database.pool.execute(script: "ALTER TABLE hookgate.moved_away RENAME TO events")
                await shipper.shipRemainder()
                #expect(shipper.status.lastFailure == nil)
                #expect(spool.statistics().depthRecords == 0)
                let stored = try await Self.rows(database)
                #expect(stored.count == 5)
            }
        }
    }

    @Test func pagesFollowEachOtherWithoutGapsOrRepeats() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                try await Self.store((0..<25).map { _ in Self.event() }, in: spool)
                await shipper.shipRemainder()
                let archive = PostgresEventArchive(pool: database.pool)
                var filter = EventFilter()
                filter.limit = 10
                filter.clinic = Self.clinic
                filter.state = .pending
                filter.kind = "messages.upsert"
                var seen: [EventID] = []
                repeat {
                    let page = try await archive.list(filter)
                    seen += page.events.map(\.id)
                    filter.cursor = page.next
                } while filter.cursor != nil
                #expect(seen.count == 25)
                #expect(Set(seen).count == 25)
            }
        }
    }
}
