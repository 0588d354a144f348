import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Store
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DestinationsTests {
    private let now = Date(timeIntervalSince1970: 1_760_918_400)
    private let organization = OrganizationID(UUID())
    private let clinic = ClinicID(UUID())
    private let integration = IntegrationID(UUID())

    private func record(_ scope: DestinationScope, url: String = "https://backend.example.org/in") -> DestinationRecord
    {
        var record = DestinationRecord(scope: scope)
        record.kind = .webhook(url: url)
        return record
    }

    private func entry() throws -> AuditEntry {
        try AuditEntry(actor: "anna", action: "destinations.set", subject: "default", detail: ["a": "b"])
    }

    private func event() -> DeliveryEvent {
        DeliveryEvent(
            id: EventID(UUID()), receivedAt: now, integrationID: integration, organizationID: organization,
            clinicID: clinic, instanceName: nil, route: .token, kind: nil, eventSuffix: nil, chat: nil, messageID: nil)
    }

    private func live(_ database: TestDatabase, configured: ConfiguredDestination? = nil) -> LiveDestinations {
        LiveDestinations(pool: database.pool, configured: configured, logger: Logger(label: "test"))
    }

    private func configured() throws -> ConfiguredDestination {
        try ConfiguredDestination(
            "https://operator.internal", format: .envelope, media: .inline,
            secrets: SigningSecrets([SigningSecret(minting: .shared)]))
    }

    @Test func whatIsSavedIsReadBack() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            var webhook = record(.clinic(clinic))
            webhook.format = .envelope
            webhook.media = .reference
            webhook.selection = EventSelection(
                kinds: ["messages.upsert", "call"], excludedKinds: ["presence.update"], groups: false,
                statusBroadcasts: true, newsletters: true, ownMessages: false)
            webhook.timeout = .milliseconds(2_500)
            webhook.width = 7
            webhook.isPaused = true
            webhook.secrets = try SigningSecrets([SigningSecret(minting: .shared), SigningSecret(minting: .ed25519)])
            var stream = DestinationRecord(scope: .organization(organization))
            stream.kind = .redisStream(RedisStreamTarget(address: "", prefix: "events", shards: 4, maximumLength: 500))
            let records = [DestinationRecord(scope: .default), webhook, stream]
            for record in records { #expect(try await store.save(record, over: nil, at: now, audit: entry())) }
            for record in records { #expect(try await store.destination(of: record.scope) == record) }
            #expect(try await store.all().count == 3)
            let before = webhook
            webhook.secrets = nil
            webhook.selection.kinds = nil
            #expect(try await store.save(webhook, over: before, at: now, audit: entry()))
            #expect(try await store.destination(of: webhook.scope) == webhook)
        }
    }

    @Test func changeAndItsAuditEntryComeAboutTogetherOrNotAtAll() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            #expect(try await store.save(record(.default), over: nil, at: now, audit: entry()))
            #expect(try await AuditLog.verify(database.pool) == .whole(entries: 1))
            // An entry that the log refuses takes the change with it.
            try await database.pool.query("ALTER TABLE hookgate.audit_log ADD CHECK (actor <> 'anna') NOT VALID")
            await #expect(throws: PostgresError.self) {
                _ = try await store.save(
                    record(.default, url: "https://other.example.org"), over: record(.default), at: now, audit: entry())
            }
            await #expect(throws: PostgresError.self) {
                _ = try await store.remove(.default, at: now, audit: entry())
            }
            #expect(try await store.destination(of: .default) == record(.default))
        }
    }

    /// Each of two has read the same, or that there is none.
    @Test(arguments: [true, false])
    func ofTwoWhoChangeOneDestinationAtTheSameTimeOneIsTold(isThere: Bool) async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            let before = isThere ? record(.default) : nil
            if let before { #expect(try await store.save(before, over: nil, at: now, audit: entry())) }
            let wishes = (1...2).map { record(.default, url: "https://\($0).example.org") }
            let entry = try entry()
            let written = try await withThrowingTaskGroup(of: (Int, Bool).self) { [now] tasks in
                for (index, wish) in wishes.enumerated() {
                    tasks.addTask { (index, try await store.save(wish, over: before, at: now, audit: entry)) }
                }
                return try await tasks.reduce(into: [Int]()) { if $1.1 { $0.append($1.0) } }
            }
            let winner = try #require(written.first)
            #expect(written.count == 1)
            #expect(try await store.destination(of: .default) == wishes[winner])
            #expect(try await AuditLog.verify(database.pool) == .whole(entries: isThere ? 2 : 1))
        }
    }

    @Test func whatWasReadBeforeAChangeIsWrittenOverNothing() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            var secret = record(.clinic(clinic))
            secret.secrets = try SigningSecrets([SigningSecret(minting: .shared)])
            let first = secret
            #expect(try await store.save(first, over: nil, at: now, audit: entry()))
            let revision = try #require(try await store.kept(.clinic(clinic))?.revision)
            #expect(try await store.kept(.clinic(clinic))?.revision == revision)
            secret.secrets = try SigningSecrets([SigningSecret(minting: .shared)])
            #expect(try await store.save(secret, over: first, at: now, audit: entry()))
            #expect(try await store.kept(.clinic(clinic))?.revision != revision)
            var stale = first
            stale.width = 3
            #expect(try await !store.save(stale, over: first, at: now, audit: entry()))
            #expect(try await !store.save(stale, over: nil, at: now, audit: entry()))
            #expect(try await store.destination(of: .clinic(clinic)) == secret)
            // Nor is one that was taken away brought back.
            #expect(try await store.remove(.clinic(clinic), at: now, audit: entry()))
            #expect(try await !store.save(stale, over: secret, at: now, audit: entry()))
            #expect(try await store.destination(of: .clinic(clinic)) == nil)
        }
    }

    @Test func removedDestinationTakesItsSecretAlong() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            var record = record(.clinic(clinic))
            record.secrets = try SigningSecrets([SigningSecret(minting: .shared)])
            #expect(try await store.save(record, over: nil, at: now, audit: entry()))
            #expect(try await store.remove(record.scope, at: now, audit: entry()))
            #expect(try await !store.remove(record.scope, at: now, audit: entry()))
            #expect(try await database.pool.query("SELECT FROM hookgate.destination_secrets").isEmpty)
        }
    }

    @Test func narrowestDestinationHolds() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            let live = live(database)
            #expect(live.destination(of: event()) == .unknown)
            try await live.refresh()
            #expect(live.destination(of: event()) == DestinationAnswer.none)
            let scopes: [DestinationScope] = [
                .default, .organization(organization), .clinic(clinic), .integration(integration),
            ]
            for scope in scopes {
                #expect(try await store.save(record(scope), over: nil, at: now, audit: entry()))
                try await live.refresh()
                let expected = try #require(record(scope).destination)
                #expect(live.destination(of: event()) == .destination(expected))
                #expect(expected.trust == .configured)
            }
            for (removed, next) in zip(scopes.reversed(), scopes.reversed().dropFirst()) {
                _ = try await store.remove(removed, at: now, audit: entry())
                try await live.refresh()
                let widest = try #require(record(next).destination)
                #expect(live.destination(of: event()) == .destination(widest))
            }
        }
    }

    @Test func whatAnOrganizationSetTakesNothingOfWhoHasTheClinicAfterIt() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            let live = live(database)
            var own = record(.clinic(clinic))
            own.organization = organization
            #expect(try await store.save(own, over: nil, at: now, audit: entry()))
            try await live.refresh()
            #expect(try await store.destination(of: own.scope) == own)
            #expect(live.destination(of: event()) == .destination(try #require(own.destination)))
            let before = own
            own.organization = OrganizationID(UUID())
            #expect(try await store.save(own, over: before, at: now, audit: entry()))
            try await live.refresh()
            #expect(live.destination(of: event()) == DestinationAnswer.none)
        }
    }

    @Test func configurationNamesTheDefaultAndItsRowPausesAndFiltersIt() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            let configured = try configured()
            let live = live(database, configured: configured)
            try await live.refresh()
            #expect(live.destination(of: event()) == .destination(configured.destination))
            #expect(live.secrets(named: "default") == configured.secrets)
            var row = record(.default, url: "https://elsewhere.example.org")
            row.isPaused = true
            row.selection.groups = false
            row.secrets = try SigningSecrets([SigningSecret(minting: .shared)])
            #expect(try await store.save(row, over: nil, at: now, audit: entry()))
            try await live.refresh()
            var expected = configured.destination
            expected.isPaused = true
            expected.selection.groups = false
            #expect(live.destination(of: event()) == .destination(expected))
            #expect(live.secrets(named: "default") == configured.secrets)
            #expect(expected.trust == .operator)
        }
    }

    @Test func changeByHandIsFollowedToo() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            let live = live(database)
            #expect(try await store.save(record(.default), over: nil, at: now, audit: entry()))
            try await live.refresh()
            var ticks = live.changes.makeAsyncIterator()
            await ticks.next()
            try await database.pool.query("UPDATE hookgate.destinations SET is_paused = true")
            try await live.refresh()
            await ticks.next()
            #expect(live.destinations.map(\.isPaused) == [true])
            try await database.pool.query(
                "INSERT INTO hookgate.destination_secrets VALUES ('default', $1)",
                [SigningSecret(minting: .shared).secretText])
            try await live.refresh()
            #expect(live.secrets(named: "default") != nil)
            #expect(live.destinations.map(\.secretsReference) == ["default"])
        }
    }

    @Test func whatWasReadHoldsWhileTheDatabaseIsAway() async throws {
        try await withSchema { database in
            let store = PostgresDestinations(pool: database.pool)
            #expect(try await store.save(record(.default), over: nil, at: now, audit: entry()))
            let live = live(database)
            try await live.refresh()
            try await database.pool.query("DROP TABLE hookgate.destination_changes")
            await #expect(throws: PostgresError.self) { try await live.refresh() }
            let expected = try #require(record(.default).destination)
            #expect(live.destination(of: event()) == .destination(expected))
        }
    }

    @Test(arguments: [
        "INSERT INTO hookgate.destinations (id) VALUES ('clinic:x')",
        "INSERT INTO hookgate.destinations (id, kind) VALUES ('default', 'webhook')",
        "INSERT INTO hookgate.destinations (id, kind, stream_prefix) VALUES ('default', 'webhook', 'x')",
        "INSERT INTO hookgate.destinations (id, url) VALUES ('default', 'https://a.org')",
        "INSERT INTO hookgate.destinations (id) VALUES ('clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10')",
        "INSERT INTO hookgate.destinations (id, width) VALUES ('default', 0)",
        "INSERT INTO hookgate.destinations (id, timeout_ms) VALUES ('default', 20001)",
    ])
    func tableRefusesWhatNoDestinationIs(statement: String) async throws {
        try await withSchema { database in
            _ = await #expect(throws: PostgresError.self) { try await database.pool.query(statement) }
        }
    }

    @Test func othersReadNeitherAddressesNorSecrets() async throws {
        try await withSchema { database in
            try await database.makePostgRESTRoles()
            for role in ["anon", "authenticated"] {
                for table in ["destinations", "destination_secrets", "destination_changes"] {
                    let rows = try await database.pool.query(
                        "SELECT has_table_privilege($1, $2, 'SELECT') AS may", [role, "hookgate.\(table)"])
                    #expect(try rows[0].decode("may", as: Bool.self) == false)
                }
            }
        }
    }

    @Test func keyOfMediaLinksIsOneForAllReplicas() async throws {
        try await withSchema { database in
            let links = try await [0, 1].asyncMap { _ in
                MediaLinks(
                    base: try PublicURL("https://hooks.example.org"),
                    key: try #require(try await PostgresMediaKey(pool: database.pool).key()))
            }
            let event = EventID(UUID())
            #expect(links[0].url(of: event, part: 0, at: now) == links[1].url(of: event, part: 0, at: now))
        }
    }
}

extension Array {
    fileprivate func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var result: [T] = []
        for element in self { result.append(try await transform(element)) }
        return result
    }
}
