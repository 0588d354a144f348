import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

/// The first page's way from the legacy tables to token URLs.
@Suite(.timeLimit(.minutes(1)))
struct FleetPageTests {
    @Test func whatIsOnlyInTheLegacyTablesIsTheFunnelsFirstStep() async throws {
        try await TestConsole.with { console in
            let pool = console.database.pool
            try await pool.execute(
                script: """
                    CREATE TABLE public.evolution_instances (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                        organization_id uuid, instance_name text, phone_number text, status text, config jsonb)
                    """)
            // One is an integration already, and one stands there twice.
            try await pool.query(
                """
                INSERT INTO public.evolution_instances (organization_id, instance_name)
                SELECT $1::uuid, unnest(ARRAY['instance-of-ours', 'old-1', 'old-1', 'old-2'])
                """, [console.ours.id.uuid])
            try await pool.query(
                "INSERT INTO public.evolution_instances (organization_id, instance_name) VALUES ($1, 'old-3')",
                [console.others.id.uuid])
            let fleet = console.assembly.site.parts.fleet
            func legacyOnly(of organization: OrganizationID?) async throws -> Int {
                try await fleet.overview(of: organization, at: TimeSource.system.now).legacyOnly
            }
            #expect(try await legacyOnly(of: nil) == 3)
            #expect(try await legacyOnly(of: console.ours.id) == 2)
            #expect(try await legacyOnly(of: console.others.id) == 1)
            let key = try await console.key(.viewer)
            let page = await console.send("GET", "/api/v1/fleet", headers: [("authorization", "Bearer \(key)")])
            #expect(page.text.contains(#""legacy_only":3"#))
            #expect(try await console.signIn(with: key).get("/").text.contains("Instances, 3 not migrated yet"))
            // A clean-up takes the tables away while somebody looks.
            try await pool.execute(script: "DROP TABLE public.evolution_instances")
            #expect(try await legacyOnly(of: nil) == 0)
        }
    }
}
