import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct PostgresRoutingSourceTests {
    private func source(_ database: TestDatabase) -> PostgresRoutingSource {
        PostgresRoutingSource(pool: database.pool, listenURL: database.url)
    }

    private func token(of id: String, in database: TestDatabase) async throws -> TokenDigest {
        let text = try await database.text("SELECT webhook_token FROM healthcare.integrations WHERE id = '\(id)'")
        return TokenDigest(of: try #require(text))
    }

    private func setToken(_ token: String?, of id: String, grace: String? = nil, in database: TestDatabase) async throws
    {
        try await database.pool.transaction { connection in
            if let grace {
                try await connection.query("SELECT set_config('hookgate.rotation_grace_until', $1, true)", [grace])
            }
            try await connection.query(
                "UPDATE healthcare.integrations SET webhook_token = $1 WHERE id = $2::uuid", [token, id])
        }
    }

    @Test func tokenLeadsToItsIntegration() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-é/1")
            let fact = try await self.source(database).fact(for: .token(try await self.token(of: id, in: database)))
            guard case .token(let entry, .current) = fact else {
                Issue.record("unexpected: \(fact)")
                return
            }
            #expect(entry.integrationID.text == id)
            #expect(entry.instanceName == InstanceName("clinic-é/1"))
            #expect(entry.isEnabled)
            #expect(entry.clinicID != nil && entry.organizationID != nil)
            #expect(entry.revision > 0)
            #expect(try await self.source(database).fact(for: .token(TokenDigest(of: "never"))) == .nothing)
        }
    }

    @Test func tokenReplacedByHandIsRevokedAtOnce() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a")
            let old = try await self.token(of: id, in: database)
            try await self.setToken(nil, of: id, in: database)
            guard case .token(_, .revoked) = try await self.source(database).fact(for: .token(old)) else {
                Issue.record("the replaced token is not revoked")
                return
            }
            let new = try await self.token(of: id, in: database)
            #expect(new != old)
            guard case .token(_, .current) = try await self.source(database).fact(for: .token(new)) else {
                Issue.record("the new token is not in force")
                return
            }
        }
    }

    @Test func rotationGivesGraceUntilItsTime() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a")
            let old = try await self.token(of: id, in: database)
            try await self.setToken("second", of: id, grace: "2031-01-01T00:00:00Z", in: database)
            let fact = try await self.source(database).fact(for: .token(old))
            guard case .token(_, .grace(let end)) = fact else {
                Issue.record("unexpected: \(fact)")
                return
            }
            #expect(end == Date(timeIntervalSince1970: 1_924_992_000))
            // The setting ended with its transaction.
            try await self.setToken("third", of: id, in: database)
            guard
                case .token(_, .revoked) = try await self.source(database).fact(for: .token(TokenDigest(of: "second")))
            else {
                Issue.record("a token replaced by hand later got grace too")
                return
            }
        }
    }

    @Test func deletedIntegrationLeavesOnlyRevokedTokens() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a", token: "first")
            try await self.setToken("second", of: id, grace: "2031-01-01T00:00:00Z", in: database)
            try await database.pool.query("DELETE FROM healthcare.integrations")
            for token in ["first", "second"] {
                #expect(try await self.source(database).fact(for: .token(TokenDigest(of: token))) == .revokedToken)
            }
            #expect(try await self.source(database).fact(for: .instance(InstanceName("a"))) == .nothing)
        }
    }

    @Test func truncatedTableRevokesEverything() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "a", token: "first")
            try await database.pool.query("TRUNCATE healthcare.integrations")
            #expect(try await self.source(database).fact(for: .token(TokenDigest(of: "first"))) == .revokedToken)
        }
    }

    @Test func movedTokenBelongsToWhoeverHoldsItNow() async throws {
        try await withSchema { database in
            let first = try await database.insertIntegration(instance: "a", token: "moving")
            let second = try await database.insertIntegration(instance: "b", token: "leaving")
            try await self.setToken(nil, of: first, in: database)
            try await self.setToken("moving", of: second, in: database)
            guard
                case .token(let entry, .current) = try await self.source(database).fact(
                    for: .token(TokenDigest(of: "moving")))
            else {
                Issue.record("the moved token is not in force")
                return
            }
            #expect(entry.integrationID.text == second)
            guard
                case .token(_, .revoked) = try await self.source(database).fact(for: .token(TokenDigest(of: "leaving")))
            else {
                Issue.record("the token it replaced is not revoked")
                return
            }
        }
    }

    @Test func nameLeadsToItsIntegrationByteForByte() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "Cafe\u{301} \"x\"\n🙂")
            let source = self.source(database)
            guard
                case .instance(let entry) = try await source.fact(for: .instance(InstanceName("Cafe\u{301} \"x\"\n🙂")))
            else {
                Issue.record("the name is not found")
                return
            }
            #expect(entry.integrationID.text == id)
            for other in ["Caf\u{E9} \"x\"\n🙂", "cafe\u{301} \"x\"\n🙂", "x\u{0}y", "", "'; DROP TABLE x; --"] {
                #expect(try await source.fact(for: .instance(InstanceName(other))) == .nothing)
            }
        }
    }

    @Test func onlyWhatsAppOverEvolutionIsFoundByName() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "meta-row", token: "meta-token", provider: "meta")
            try await database.insertIntegration(instance: "no-provider", provider: nil)
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (type, provider, config, webhook_token)
                VALUES ('calendar', 'evolution', '{"instance_name": "calendar"}', 'calendar-token')
                """)
            let source = self.source(database)
            #expect(try await source.fact(for: .instance(InstanceName("meta-row"))) == .nothing)
            #expect(try await source.fact(for: .instance(InstanceName("calendar"))) == .nothing)
            #expect(try await source.fact(for: .token(TokenDigest(of: "calendar-token"))) == .nothing)
            guard case .instance = try await source.fact(for: .instance(InstanceName("no-provider"))) else {
                Issue.record("a row without a provider is not found")
                return
            }
            guard case .token(let entry, .current) = try await source.fact(for: .token(TokenDigest(of: "meta-token")))
            else {
                Issue.record("a token of another provider is not found")
                return
            }
            #expect(entry.instanceName == nil)
        }
    }

    @Test func nameThatStandsTwiceIsADuplicate() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "twin")
            try await database.insertIntegration(instance: "twin", provider: nil)
            #expect(try await self.source(database).fact(for: .instance(InstanceName("twin"))) == .duplicateInstance)
        }
    }

    @Test func nameInALegacyTableIsKnown() async throws {
        try await withSchema { database in
            try await database.pool.execute(
                script: """
                    CREATE TABLE public.evolution_instances (id uuid, instance_name varchar(200));
                    CREATE TABLE public.evolution_integrations (id int, config json);
                    CREATE TABLE public.integrations (id uuid, integration_type text, config jsonb);
                    INSERT INTO public.evolution_instances VALUES (gen_random_uuid(), 'one');
                    INSERT INTO public.evolution_integrations VALUES (1, '{"instance": "two"}');
                    INSERT INTO public.integrations VALUES
                        (gen_random_uuid(), 'evolution_api', '{"instance_name": "three"}'),
                        (gen_random_uuid(), 'slack', '{"instance_name": "four"}');
                    """)
            let source = self.source(database)
            for (name, fact) in [
                ("one", RoutingFact.legacyInstance), ("two", .legacyInstance), ("three", .legacyInstance),
                ("four", .nothing),
                ("five", .nothing),
            ] {
                #expect(try await source.fact(for: .instance(InstanceName(name))) == fact, "\(name)")
            }
            // Cleanup takes the tables away while the gateway runs.
            try await database.pool.query("DROP TABLE public.evolution_instances")
            #expect(try await source.fact(for: .instance(InstanceName("one"))) == .nothing)
            #expect(try await source.fact(for: .instance(InstanceName("two"))) == .legacyInstance)
        }
    }

    @Test func legacyTableThatMayNotBeReadIsNoAnswer() async throws {
        try await withSchema { database in
            try await database.makeRole("routing_reader")
            try await database.pool.execute(
                script: """
                    CREATE TABLE public.evolution_instances (instance_name text);
                    GRANT USAGE ON SCHEMA healthcare, hookgate TO routing_reader;
                    GRANT SELECT ON healthcare.integrations, hookgate.tokens TO routing_reader;
                    """)
            let pool = PostgresPool(url: database.url(as: "routing_reader"))
            let source = PostgresRoutingSource(pool: pool, listenURL: nil)
            let error = await #expect(throws: RoutingSourceError.self) {
                try await source.fact(for: .instance(InstanceName("x")))
            }
            guard case .unavailable(let reason) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(reason.contains("public.evolution_instances"))
            await pool.close()
        }
    }

    @Test func databaseWithoutTheSchemaIsNoAnswer() async throws {
        try await withDatabase { database in
            let source = self.source(database)
            await #expect(throws: RoutingSourceError.self) { try await source.fact(for: .token(TokenDigest(of: "x"))) }
            await #expect(throws: RoutingSourceError.self) { try await source.fact(for: .instance(InstanceName("x"))) }
            await #expect(throws: RoutingSourceError.self) { try await source.loadAll { _ in } }
        }
    }
}
