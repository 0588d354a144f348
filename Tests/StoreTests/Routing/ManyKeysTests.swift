import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// Many keys asked at once are answered as each is alone, by every source of truth.
@Suite(.timeLimit(.minutes(2))) struct ManyKeysTests {
    /// Compares both ways for these keys, and returns the answers.
    private func answers(of source: some RoutingSource, to keys: [RoutingKey]) async throws -> [RoutingKey: RoutingFact]
    {
        let together = try await source.facts(for: keys + keys)
        for key in keys {
            let alone = try await source.fact(for: key)
            #expect(alone == together[key], "\(key)")
        }
        #expect(Set(together.keys) == Set(keys))
        return together
    }

    private func tokens(_ texts: [String]) -> [RoutingKey] { texts.map { .token(TokenDigest(of: $0)) } }
    private func names(_ texts: [String]) -> [RoutingKey] { texts.map { .instance(InstanceName($0)) } }

    @Test func postgresAnswersManyKeysAsItAnswersEach() async throws {
        try await withSchema { database in
            for name in ["plain", "disabled", "rotated", "deleted", "Cafe\u{301} \"x\"\n🙂"] {
                try await database.insertIntegration(instance: name, token: "token of \(name)")
            }
            try await database.insertIntegration(instance: "twin", token: "first twin")
            try await database.insertIntegration(instance: "twin", token: "second twin", provider: nil)
            try await database.insertIntegration(instance: "meta", token: "token of meta", provider: "meta")
            try await database.pool.execute(
                script: """
                    UPDATE healthcare.integrations SET enabled = false WHERE config->>'instance_name' = 'disabled';
                    BEGIN;
                    SET LOCAL hookgate.rotation_grace_until = '2031-01-01T00:00:00Z';
                    UPDATE healthcare.integrations SET webhook_token = 'new' WHERE config->>'instance_name' = 'rotated';
                    COMMIT;
                    DELETE FROM healthcare.integrations WHERE config->>'instance_name' = 'deleted';
                    DROP INDEX healthcare.hookgate_integrations_token;
                    INSERT INTO healthcare.integrations (type, provider, config, webhook_token) VALUES
                        ('whatsapp', 'evolution', '{"instance_name": "sharer-1"}', 'shared'),
                        ('whatsapp', 'evolution', '{"instance_name": "sharer-2"}', 'shared');
                    CREATE TABLE public.evolution_instances (id uuid, instance_name varchar(200));
                    CREATE TABLE public.evolution_integrations (id int, config json);
                    CREATE TABLE public.integrations (id uuid, integration_type text, config jsonb);
                    INSERT INTO public.evolution_instances VALUES (gen_random_uuid(), 'legacy-1'), (NULL, 'plain');
                    INSERT INTO public.evolution_integrations VALUES (1, '{"instance": "legacy-2"}');
                    INSERT INTO public.integrations VALUES
                        (NULL, 'evolution_api', '{"instance_name": "legacy-3"}'), (NULL, 'slack', '{"instance_name": "slack"}');
                    """)
            let keys =
                names([
                    "plain", "disabled", "rotated", "deleted", "twin", "meta", "Cafe\u{301} \"x\"\n🙂", "Caf\u{E9}",
                    "legacy-1",
                    "legacy-2", "legacy-3", "slack", "never", "", "x\u{0}y",
                ])
                + tokens([
                    "token of plain", "token of disabled", "token of rotated", "new", "token of deleted", "first twin",
                    "second twin", "token of meta", "shared", "never",
                ])
            let facts = try await answers(
                of: PostgresRoutingSource(pool: database.pool, listenURL: nil), to: keys)
            for (name, fact) in [
                ("twin", RoutingFact.duplicateInstance), ("legacy-1", .legacyInstance), ("legacy-2", .legacyInstance),
                ("legacy-3", .legacyInstance), ("slack", .nothing), ("never", .nothing), ("x\u{0}y", .nothing),
            ] {
                #expect(facts[.instance(InstanceName(name))] == fact, "\(name)")
            }
            for (token, fact) in [
                ("token of deleted", RoutingFact.revokedToken), ("shared", .duplicateInstance), ("never", .nothing),
            ] {
                #expect(facts[.token(TokenDigest(of: token))] == fact, "\(token)")
            }
            guard case .token(_, .grace) = facts[.token(TokenDigest(of: "token of rotated"))] else {
                Issue.record("the replaced token has no grace")
                return
            }
        }
    }

    @Test func sourceInMemoryAnswersManyKeysAsItAnswersEach() async throws {
        func entry(_ name: String) -> RoutingEntry {
            RoutingEntry(
                integrationID: IntegrationID(UUID()), organizationID: nil, clinicID: ClinicID(UUID()),
                instanceName: InstanceName(name), isEnabled: true, revision: 1)
        }
        let plain = entry("plain")
        let source = InMemoryRoutingSource([
            .integration(plain), .integration(entry("twin")), .integration(entry("twin")),
            .token(TokenDigest(of: "plain"), plain.integrationID, .current, revision: 1),
            .token(TokenDigest(of: "revoked"), plain.integrationID, .revoked, revision: 1),
            .token(TokenDigest(of: "shared"), nil, .current, revision: 1),
            .token(TokenDigest(of: "orphan"), IntegrationID(UUID()), .revoked, revision: 1),
        ])
        source.addLegacyName(InstanceName("legacy"))
        let facts = try await answers(
            of: source,
            to: names(["plain", "twin", "legacy", "never"])
                + tokens(["plain", "revoked", "shared", "orphan", "never"]))
        #expect(facts[.token(TokenDigest(of: "shared"))] == .duplicateInstance)
        #expect(facts[.instance(InstanceName("twin"))] == .duplicateInstance)
        #expect(facts[.instance(InstanceName("legacy"))] == .legacyInstance)
    }

    @Test func anOutageIsNoAnswerForAnyKey() async throws {
        try await withDatabase { database in
            let source = PostgresRoutingSource(pool: database.pool, listenURL: nil)
            for keys in [names(["x"]), tokens(["x"])] {
                await #expect(throws: RoutingSourceError.self) { _ = try await source.facts(for: keys) }
            }
            let none = try await source.facts(for: [])
            #expect(none.isEmpty)
        }
    }
}
