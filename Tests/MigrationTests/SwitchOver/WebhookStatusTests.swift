import EvolutionClient
import EvolutionSimulator
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Synchronization
import Testing

@testable import Migration

@Suite(.timeLimit(.minutes(1)))
struct WebhookStatusTests {
    private static func findings(_ rehearsal: Rehearsal) async throws -> [String: WebhookFinding] {
        let found = Mutex<[String: WebhookFinding]>([:])
        _ = try await rehearsal.service().status { standing in
            found.withLock { $0[standing.instance.text] = standing.finding }
        }
        return found.withLock { $0 }
    }

    @Test func everyDifferenceIsNamedAndHasItsRemedy() async throws {
        let names = ["in step", "old", "other token", "elsewhere", "off", "gone", "no token", "not loaded"]
        try await Rehearsal.run(names) { rehearsal in
            let simulator = rehearsal.simulator
            simulator.edit("in step", url: try await rehearsal.tokenURL("in step"))
            simulator.edit("other token", url: try await rehearsal.tokenURL("old"))
            simulator.edit("elsewhere", url: "https://n8n.example.test/hook")
            try await rehearsal.client.setWebhook(
                EvolutionWebhookSettings(url: "https://x.example.test", isEnabled: false, events: []),
                of: InstanceName("off"))
            try await rehearsal.client.delete(InstanceName("gone"))
            simulator.add("not loaded", webhook: Rehearsal.oldURL + "x", isLoaded: false)
            simulator.add("orphan", webhook: "https://x.example.test")
            simulator.add("unmigrated", webhook: "https://x.example.test")
            try await rehearsal.database.pool.execute(
                script: """
                    UPDATE healthcare.integrations SET webhook_token = 'not a token'
                    WHERE config->>'instance_name' = 'no token';
                    CREATE TABLE public.evolution_instances (
                        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text);
                    INSERT INTO public.evolution_instances (organization_id, instance_name)
                    VALUES (gen_random_uuid(), 'unmigrated'), (gen_random_uuid(), 'forgotten');
                    """)
            let findings = try await Self.findings(rehearsal)
            #expect(findings["in step"] == .inStep)
            #expect(findings["old"] == .onOldURL)
            #expect(findings["other token"] == .onOtherToken)
            #expect(findings["elsewhere"] == .elsewhere)
            #expect(findings["off"] == .silent)
            #expect(findings["gone"] == .missingAtEvolution)
            #expect(findings["no token"] == .withoutToken)
            #expect(findings["not loaded"] == .notLoaded)
            #expect(findings["orphan"] == .orphan)
            #expect(findings["unmigrated"] == .notMigrated)
            #expect(findings["forgotten"] == .onlyLegacy)
            for (name, finding) in findings {
                #expect((finding.remedy(for: InstanceName(name)) == nil) == finding.isWell)
                #expect(!finding.meaning.isEmpty)
            }
        }
    }

    @Test func nobodyIsAnOrphanWhileAServerCannotBeAsked() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            rehearsal.simulator.add("orphan")
            rehearsal.simulator.inject(.keyRefused, times: nil)
            #expect(try await Self.findings(rehearsal) == ["a": .unknown(.keyRefused)])
            let failures = try await rehearsal.service().status { _ in }
            #expect(failures.map(\.server) == ["default"])
        }
    }
}
