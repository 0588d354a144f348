import Fleet
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// Second factors, from deciding to what routing says of them afterwards, on a real database.
@Suite(.timeLimit(.minutes(2))) struct SecondFactorKeeperTests {
    private static let now = Date(timeIntervalSince1970: 1_760_918_400)
    private static let random = (0..<64).map { UInt8($0) }
    private static let headerValue = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    private static let jwtKey = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

    private func keeper(
        _ database: TestDatabase, policy: SecondFactorPolicy = SecondFactorPolicy()
    ) -> SecondFactorKeeper {
        SecondFactorKeeper(store: PostgresSecondFactors(pool: database.pool), policy: policy)
    }

    private func source(_ database: TestDatabase) -> PostgresRoutingSource {
        PostgresRoutingSource(pool: database.pool, listenURL: database.url)
    }

    private func factor(_ name: String, _ database: TestDatabase) async throws -> SecondFactor? {
        guard case .instance(let entry) = try await self.source(database).fact(for: .instance(InstanceName(name)))
        else { throw NotFound() }
        return entry.secondFactor
    }

    private struct NotFound: Error {}

    private func request(_ change: (inout SecondFactorRequest) -> Void) -> SecondFactorRequest {
        var request = SecondFactorRequest()
        change(&request)
        return request
    }

    @discardableResult
    private func set(
        _ name: String, _ database: TestDatabase, at now: Date = now, random: [UInt8] = random,
        _ change: (inout SecondFactorRequest) -> Void
    ) async throws -> SecondFactorPlan {
        let keeper = self.keeper(database)
        let plan = try await keeper.plan(self.request(change), for: name, at: now, random: random)
        try await keeper.carryOut(plan, actor: "anna@host", at: now)
        return plan
    }

    @Test func everyWayOfLookingUpTellsTheSecondFactor() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a", token: "inherited-token-1")
            try await self.set("clinic-a", database) {
                $0.mode = .set(.enforce)
                $0.header = .standard
                $0.mintsJWTKey = true
            }
            let expected = SecondFactor(
                mode: .enforce,
                secrets: FactorSecrets(
                    header: SecretHeader(name: .standard, value: Self.headerValue), jwtKey: EvolutionJWTKey(Self.jwtKey)
                ))
            #expect(try await self.factor("clinic-a", database) == expected)
            let source = self.source(database)
            let token = RoutingKey.token(TokenDigest(of: "inherited-token-1"))
            guard case .token(let entry, .current) = try await source.fact(for: token) else { throw NotFound() }
            #expect(entry.secondFactor == expected)
            for (key, fact) in try await source.facts(for: [token, .instance(InstanceName("clinic-a"))]) {
                switch fact {
                case .token(let entry, _), .instance(let entry): #expect(entry.secondFactor == expected)
                default: Issue.record("\(key) is not found")
                }
            }
            let held = try await PostgresQuarantine(pool: database.pool).integration(try #require(IntegrationID(id)))
            #expect(held?.secondFactor == expected)
            #expect(try await self.keeper(database).current(of: id).secondFactor == expected)
        }
    }

    /// By the product or by hand: the integration has changed, and whoever follows changes is told.
    @Test func everyChangeIsAChangeOfTheIntegration() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let source = self.source(database)
            let notices = try await source.changeNotices()
            var heard = notices.makeAsyncIterator()
            let changes: [(String, SecondFactorMode?)] = [
                ("INSERT INTO hookgate.second_factors (integration_id, mode) VALUES ('\(id)', 'enforce')", .enforce),
                ("UPDATE hookgate.second_factors SET mode = 'observe', jwt_key = 'k'", .observe),
                (
                    "UPDATE hookgate.second_factors SET mode = 'off'; UPDATE healthcare.integrations SET enabled = false",
                    .off
                ),
                ("DELETE FROM hookgate.second_factors", nil),
                ("INSERT INTO hookgate.second_factors (integration_id, mode) VALUES ('\(id)', 'enforce')", .enforce),
                ("TRUNCATE hookgate.second_factors", nil),
            ]
            var revision: UInt64 = 0
            for (sql, mode) in changes {
                let cursor = try await source.loadAll { _ in }
                try await database.pool.execute(script: "BEGIN; \(sql); COMMIT")
                let isHeard = await heard.next() != nil
                #expect(isHeard)
                let entries = try await source.changes(since: cursor).changes.compactMap { change -> RoutingEntry? in
                    if case .integration(let entry) = change, entry.integrationID.text == id { entry } else { nil }
                }
                let entry = try #require(entries.last)
                #expect(entry.secondFactor?.mode == mode && entry.revision > revision, "\(sql)")
                revision = entry.revision
            }
        }
    }

    @Test func newSecretsLetThoseBeforePassForTheGrace() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "clinic-a")
            try await self.set("clinic-a", database) { $0.header = .standard }
            let second = try await self.set(
                "clinic-a", database, random: [UInt8](repeating: 7, count: 64)
            ) {
                $0.header = SecretHeaderName("X-Other")
                $0.grace = .seconds(3_600)
            }
            let factor = try #require(try await self.factor("clinic-a", database))
            #expect(factor == second.change.replacement)
            #expect(factor.secrets.header?.name.text == "X-Other")
            #expect(
                factor.retired
                    == .init(
                        secrets: FactorSecrets(header: SecretHeader(name: .standard, value: Self.headerValue)),
                        end: Self.now + 3_600))
            // A change of the mode alone leaves the grace as it is; without grace the end is at once.
            try await self.set("clinic-a", database) { $0.mode = .set(.enforce) }
            #expect(try await self.factor("clinic-a", database)?.retired == factor.retired)
            try await self.set("clinic-a", database, random: [UInt8](repeating: 9, count: 64)) {
                $0.mintsJWTKey = true
                $0.grace = .zero
            }
            let last = try #require(try await self.factor("clinic-a", database))
            #expect(last.retired == nil && last.secrets.header?.name.text == "X-Other" && last.secrets.jwtKey != nil)
            #expect(last.mode == .enforce)
        }
    }

    @Test func clearingTakesEverythingAway() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "clinic-a")
            try await self.set("clinic-a", database) {
                $0.header = .standard
                $0.mode = .set(.enforce)
            }
            try await self.set("clinic-a", database) { $0.clears = true }
            #expect(try await self.factor("clinic-a", database) == nil)
            #expect(try await database.text("SELECT count(*) FROM hookgate.second_factors") == "0")
        }
    }

    @Test func everyDeedIsInTheAuditLogWithoutItsSecrets() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            try await self.set("clinic-a", database) {
                $0.header = .standard
                $0.mintsJWTKey = true
                $0.mode = .set(.observe)
            }
            try await self.set("clinic-a", database) { $0.clears = true }
            let rows = try await database.pool.query(
                "SELECT actor || ' ' || action || ' ' || subject AS deed, detail::text AS detail FROM hookgate.audit_log ORDER BY id"
            )
            let deeds = try rows.map { try $0.decode("deed", as: String.self) }
            #expect(deeds == ["anna@host second_factor.set \(id)", "anna@host second_factor.clear \(id)"])
            let detail: String = try rows[0].decode("detail")
            #expect(detail.contains(#""header_name": "X-Hookgate-Secret""#) && detail.contains(#""new_jwt_key": true"#))
            #expect(!detail.contains(Self.headerValue) && !detail.contains(Self.jwtKey))
            guard case .whole(entries: 2) = try await AuditLog.verify(database.pool) else {
                Issue.record("the chain is broken")
                return
            }
        }
    }

    @Test func changeMadeMeanwhileIsNotRunOver() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "clinic-a")
            let keeper = self.keeper(database)
            let plan = try await keeper.plan(
                self.request { $0.header = .standard }, for: "clinic-a", at: Self.now, random: Self.random)
            try await self.set("clinic-a", database) { $0.mintsJWTKey = true }
            let before = try await self.factor("clinic-a", database)
            await #expect(throws: SecondFactorError.changedMeanwhile) {
                try await keeper.carryOut(plan, actor: "anna@host", at: Self.now)
            }
            #expect(try await self.factor("clinic-a", database) == before)
            #expect(try await database.text("SELECT count(*) FROM hookgate.audit_log") == "1")
        }
    }

    @Test func modeWithoutAnythingToCompareIsRefused() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "clinic-a")
            let enforce = self.request { $0.mode = .set(.enforce) }
            await #expect(throws: SecondFactorError.nothingToCompare(.enforce)) {
                try await self.keeper(database).plan(enforce, for: "clinic-a", at: Self.now, random: Self.random)
            }
            let signed = SecondFactorPolicy(signatureKey: WebhookSignatureKey("s"))
            let plan = try await self.keeper(database, policy: signed).plan(
                enforce, for: "clinic-a", at: Self.now, random: Self.random)
            #expect(plan.change.replacement == SecondFactor(mode: .enforce))
            let off = try await self.keeper(database).plan(
                self.request { $0.mode = .set(.off) }, for: "clinic-a", at: Self.now, random: Self.random)
            #expect(off.change.replacement == SecondFactor(mode: .off))
        }
    }

    @Test func unknownAndAmbiguousNamesAreSaid() async throws {
        try await withSchema { database in
            try await database.pool.execute(script: "DROP INDEX healthcare.hookgate_integrations_instance")
            for _ in 0..<2 { try await database.insertIntegration(instance: "twice") }
            await #expect(throws: SecondFactorError.unknown([InstanceName("twice"), InstanceName("twice")])) {
                _ = try await self.keeper(database).current(of: "twise")
            }
            do {
                _ = try await self.keeper(database).current(of: "twice")
                Issue.record("found one")
            } catch SecondFactorError.ambiguousName(let ids) {
                #expect(ids.count == 2)
            }
        }
    }

    @Test func tablesAreClosedToPostgRESTsRoles() async throws {
        try await withDatabase { database in
            try await database.makePostgRESTRoles()
            try await database.pool.execute(
                script: "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated")
            _ = try await SchemaApplier(url: database.url).apply()
            try await database.pool.execute(script: "GRANT USAGE ON SCHEMA hookgate TO anon, authenticated")
            for role in ["anon", "authenticated"] {
                for table in ["second_factors", "second_factor_outcomes"] {
                    for right in ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"] {
                        let has = try await database.text(
                            "SELECT has_table_privilege('\(role)', 'hookgate.\(table)', '\(right)')")
                        #expect(has == "false", "\(role) \(right) \(table)")
                    }
                }
            }
        }
    }

    @Test func talliesAddUpAndBeginAnewWithAChange() async throws {
        try await withSchema { database in
            let id = try #require(IntegrationID(try await database.insertIntegration(instance: "clinic-a")))
            let store = PostgresSecondFactors(pool: database.pool)
            func tally(_ outcome: SecondFactorOutcome, _ count: Int, from: Double, to: Double) -> SecondFactorTally {
                SecondFactorTally(
                    integrationID: id, outcome: outcome, count: count, firstSeen: Self.now + from,
                    lastSeen: Self.now + to)
            }
            try await store.add([tally(.missing, 2, from: 0, to: 1), tally(.satisfied, 1, from: 0, to: 0)])
            try await store.add([tally(.missing, 3, from: 5, to: 9)])
            #expect(
                try await store.tallies(of: id) == [
                    tally(.missing, 5, from: 0, to: 9), tally(.satisfied, 1, from: 0, to: 0),
                ])
            try await self.set("clinic-a", database, at: Self.now + 20) { $0.header = .standard }
            #expect(try await store.tallies(of: id) == [])
            // What a gateway noted before the change comes late.
            try await store.add([tally(.missing, 1, from: 10, to: 19)])
            #expect(try await store.tallies(of: id) == [])
            try await store.add([tally(.satisfied, 1, from: 21, to: 21)])
            #expect(try await store.tallies(of: id).count == 1)
        }
    }
}
