import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// Bodies that are sealed in a real inbox.
@Suite(.timeLimit(.minutes(2))) struct BodyVaultTests {
    private static let words = "Tenho dor de dente"
    private static let organization = OrganizationID(UUID())
    private static let act = QuarantineAct(actor: "anna@desk", decidedAt: StoredEvents.day, note: "the contract ended")

    private static func key(_ byte: UInt8) throws -> BodyMasterKey {
        try BodyMasterKey(base64: Data(repeating: byte, count: BodyMasterKey.byteCount).base64EncodedString())
    }

    private static func vault(_ current: UInt8, previous: UInt8...) throws -> BodyVault {
        BodyVault(masterKeys: try keys(current, previous))
    }

    private static func keys(_ current: UInt8, _ previous: [UInt8] = []) throws -> BodyMasterKeys {
        BodyMasterKeys(current: try key(current), previous: try previous.map(key))
    }

    /// Stores one event as the shipper does.
    private static func store(
        _ vault: BodyVault, organization: OrganizationID? = organization, text: String = words,
        disposition: AcceptedEvent.Disposition = .pending, in database: TestDatabase
    ) async throws -> EventID {
        let body = #"{"event":"messages.upsert","instance":"clinic-a","data":"\#(text) \#(UUID())"}"#
        let accepted = AcceptedEvent(
            id: .timeOrdered(at: StoredEvents.day, random: (.random(in: 0 ... .max), 2)), receivedAt: StoredEvents.day,
            route: .token, eventSuffix: nil, disposition: disposition, integrationID: nil, organizationID: organization,
            clinicID: nil, instanceName: InstanceName("clinic-a"), facts: BodyFacts(event: "messages.upsert"),
            body: Array(body.utf8))
        let entry = SpoolBatch.Entry(sequence: 1, position: SpoolPosition(segment: 1, offset: 1024), event: accepted)
        let writer = InboxWriter(pool: database.pool, gatewayID: UUID(), time: .system, bodies: vault)
        #expect(try await writer.write([InboxRecord(accepted, of: entry)]).stored == 1)
        return accepted.id
    }

    private static func body(
        of id: EventID, _ vault: BodyVault, in database: TestDatabase
    ) async throws -> Result<String, BodyAbsence> {
        let archive = PostgresEventArchive(pool: database.pool, bodies: vault)
        return try #require(try await archive.event(id)).body.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func whatIsSealedIsReadThroughTheVaultAlone() async throws {
        try await withSchema { database in
            let vault = try Self.vault(1)
            let id = try await Self.store(vault, in: database)
            let rows = try await database.pool.query(
                """
                SELECT body, body_bytes, body_sha256 = sha256(body) AS of_sealed
                FROM hookgate.event_bodies JOIN hookgate.events USING (day, id)
                """)
            let stored: [UInt8] = try rows[0].decode("body")
            #expect(!String(decoding: stored, as: UTF8.self).contains(Self.words))
            // The size that lists show is the body's own, and its digest says nothing of the words.
            #expect(try rows[0].decode("body_bytes", as: Int64.self) < Int64(stored.count))
            #expect(try rows[0].decode("of_sealed", as: Bool.self))
            #expect(try await Self.body(of: id, vault, in: database).get().contains(Self.words))
            #expect(try await Self.body(of: id, .clear, in: database) == .failure(.masterKeyMissing))
            #expect(try await Self.body(of: id, Self.vault(2), in: database) == .failure(.masterKeyMissing))
        }
    }

    @Test func clearAndSealedBodiesLieSideBySide() async throws {
        try await withSchema { database in
            let before = try await Self.store(.clear, in: database)
            let vault = try Self.vault(1)
            let sealed = try await Self.store(vault, in: database)
            for id in [before, sealed] {
                #expect(try await Self.body(of: id, vault, in: database).get().contains(Self.words))
            }
        }
    }

    @Test func aBodyOpensInItsOwnRowAlone() async throws {
        try await withSchema { database in
            let vault = try Self.vault(1)
            let ids = [
                try await Self.store(vault, text: "one", in: database),
                try await Self.store(vault, text: "two", in: database),
            ]
            try await database.pool.query(
                """
                UPDATE hookgate.event_bodies SET body = (SELECT body FROM hookgate.event_bodies WHERE id = $1)
                WHERE id = $2
                """, [ids[0].uuid, ids[1].uuid])
            #expect(try await Self.body(of: ids[1], vault, in: database) == .failure(.damaged))
        }
    }

    @Test func everyOrganizationHasItsOwnKeyAndKeepsIt() async throws {
        try await withSchema { database in
            let vault = try Self.vault(1)
            for organization in [Self.organization, Self.organization, OrganizationID(UUID()), nil] {
                _ = try await Self.store(vault, organization: organization, in: database)
            }
            #expect(try await StoredEvents(database).text("SELECT count(*) FROM hookgate.body_keys") == "3")
        }
    }

    @Test func twoGatewaysAgreeOnAKey() async throws {
        try await withSchema { database in
            let vault = try Self.vault(1)
            let ids = try await withThrowingTaskGroup(of: EventID.self) { group in
                for _ in 0..<8 { group.addTask { try await Self.store(vault, in: database) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try await StoredEvents(database).text("SELECT count(*) FROM hookgate.body_keys") == "1")
            for id in ids { #expect(try await Self.body(of: id, vault, in: database).get().contains(Self.words)) }
        }
    }

    @Test func aForgottenKeyTakesTheWordsWithItAndTheNextHasItsOwn() async throws {
        try await withSchema { database in
            let vault = try Self.vault(1)
            let clear = try await Self.store(.clear, in: database)
            let sealed = try await Self.store(vault, in: database)
            let other = try await Self.store(vault, organization: OrganizationID(UUID()), in: database)
            let keys = PostgresBodyKeys(pool: database.pool, masterKeys: try Self.keys(1))
            let found = try await keys.findings(Self.organization)
            #expect(found == KeyFindings(keys: 1, waiting: 2, clearBodies: 1))
            #expect(try await keys.forget(Self.organization, act: Self.act) == found)

            #expect(try await Self.body(of: sealed, vault, in: database) == .failure(.keyForgotten))
            #expect(try await Self.body(of: clear, vault, in: database) == .failure(.notKept))
            #expect(try await Self.body(of: other, vault, in: database).get().contains(Self.words))
            let events = StoredEvents(database)
            #expect(try await events.state(of: sealed) == .discarded)
            #expect(try await events.state(of: other) == .pending)

            let next = try await Self.store(vault, in: database)
            #expect(try await Self.body(of: next, vault, in: database).get().contains(Self.words))
            // Once more: what came since is sealed with another key, which goes this time.
            #expect(try await keys.forget(Self.organization, act: Self.act).waiting == 1)
            let noted = try await events.text(
                "SELECT count(*) FROM hookgate.audit_log WHERE action = 'events.forget_key' AND detail ->> 'keys' = '1'"
            )
            #expect(noted == "2")
        }
    }

    @Test func changingTheMasterKeyKeepsEveryBodyReadable() async throws {
        try await withSchema { database in
            let id = try await Self.store(try Self.vault(1), in: database)
            // Both are configured while the keys are wrapped anew; afterwards the new one alone will do.
            let keys = PostgresBodyKeys(pool: database.pool, masterKeys: try Self.keys(2, [1]))
            #expect(try await keys.rewrap(act: Self.act) == RewrapCount(rewrapped: 1))
            #expect(try await keys.rewrap(act: Self.act) == RewrapCount(current: 1))
            #expect(try await Self.body(of: id, try Self.vault(2), in: database).get().contains(Self.words))
            #expect(try await Self.body(of: id, try Self.vault(1), in: database) == .failure(.masterKeyMissing))
            let stranger = PostgresBodyKeys(pool: database.pool, masterKeys: try Self.keys(3))
            #expect(try await stranger.rewrap(act: Self.act) == RewrapCount(unopened: 1))
        }
    }

    @Test func nothingIsStoredInClearWhenItsKeyCannotBeOpened() async throws {
        try await withSchema { database in
            _ = try await Self.store(try Self.vault(1), in: database)
            await #expect(throws: BodyKeyError.self) {
                _ = try await Self.store(try Self.vault(2), in: database)
            }
            #expect(try await StoredEvents(database).text("SELECT count(*) FROM hookgate.event_bodies") == "1")
        }
    }

    @Test func aHeldEventIsReleasedByWhatItsSealedBodyNames() async throws {
        try await withSchema { database in
            let vault = try Self.vault(1)
            let id = try await Self.store(vault, disposition: .quarantined(.instanceMismatch), in: database)
            var filter = QuarantineFilter()
            filter.ids = [id]
            let sealed = PostgresQuarantine(pool: database.pool, bodies: vault)
            #expect(
                try await sealed.held(filter, after: nil, limit: 1).first?.naming == .instance(InstanceName("clinic-a"))
            )
            let blind = PostgresQuarantine(pool: database.pool)
            #expect(try await blind.held(filter, after: nil, limit: 1).first?.naming == .bodyGone)
        }
    }

    @Test(arguments: [
        ("not base64!", BodyMasterKey.Flaw.notBase64), ("c2hvcnQ=", .wrongLength(bytes: 5)),
    ])
    func aMasterKeyIsThirtyTwoBytes(text: String, flaw: BodyMasterKey.Flaw) {
        #expect(throws: flaw) { try BodyMasterKey(base64: text) }
    }
}
