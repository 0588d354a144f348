import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// `hookgate monitor` as a person, a pipe and a program run it.
@Suite(.timeLimit(.minutes(2)))
struct MonitorCommandTests {
    private struct Document: Decodable {
        struct Instance: Decodable {
            let instance_name: String
            let state: String
        }

        let counts: [String: Int]
        let instances: [Instance]
        let left_out: Int
    }

    private static func withFleet(_ body: (TestDatabase, HookgateBinary) async throws -> Void) async throws {
        try await withSchema { database in
            for name in ["clinic-a", "clinic-b"] {
                try await database.pool.query(
                    """
                    INSERT INTO healthcare.integrations
                        (organization_id, clinic_id, type, provider, status, config, enabled)
                    VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                        jsonb_build_object('instance_name', $1::text), true)
                    """, [name])
            }
            try await traffic("clinic-a", route: "instance", in: database)
            try await body(database, HookgateBinary(databaseURL: database.url))
        }
    }

    private static func traffic(_ name: String, route: String, in database: TestDatabase) async throws {
        try await database.pool.query(
            """
            INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, last_live)
            VALUES ($1, $2, ($3::timestamptz AT TIME ZONE 'UTC')::date, $3, $3, 1, $3)
            """, [name, route, Date()])
    }

    @Test func oneLookIsATableWithItsCounts() async throws {
        try await Self.withFleet { database, hookgate in
            let look = try await hookgate.run("monitor", "--once")
            #expect(look.exitCode == 0, "\(look.complaint)")
            #expect(look.output.contains("no gateway listens"))
            #expect(look.output.contains("2 instances: 1 legacy, 1 unseen"))
            #expect(look.output.contains("INSTANCE  STATE   TOKEN/MIN  LAST   OLD/MIN  LAST"))
            #expect(look.output.contains("clinic-b  unseen  -          never  -        never"))
            try await Self.traffic("nobody's", route: "instance", in: database)
            let attention = try await hookgate.run("monitor", "--once", "--rows", "1")
            #expect(attention.exitCode == 3)
            #expect(attention.output.contains("⚠️ webhooks come, and no integration has the name"))
            #expect(attention.output.contains("and 2 more: --rows N"))
        }
    }

    @Test func aPipeGetsALineForEachChangeAndAProgramADocument() async throws {
        try await Self.withFleet { database, hookgate in
            var lines: [String] = []
            _ = try await hookgate.watching(["monitor", "--every", "0.5"]) { line in
                lines.append(line)
                // Two lines of the first look, then nothing until something comes.
                if lines.count == 2 { try await Self.traffic("clinic-b", route: "token", in: database) }
                return lines.count < 3
            }
            #expect(lines.count == 3)
            #expect(lines.last?.contains("clinic-b: on the token URL [token URL 0.0/min, last ") == true)
            let json = try await hookgate.run("monitor", "--once", "--json", "--state", "token")
            #expect(json.output.split(separator: "\n").count == 1)
            let document = try JSONDecoder().decode(Document.self, from: Data(json.output.utf8))
            #expect(document.counts == ["legacy": 1, "token": 1])
            #expect(document.instances.map(\.instance_name) == ["clinic-b"])
            #expect(document.left_out == 0)
        }
    }

    @Test func wrongUseIsNamed() async throws {
        for arguments in [["--rows", "1001"], ["--every", "0.1"], ["--state", "lost"]] {
            #expect(
                try await HookgateBinary(databaseURL: "postgresql://unused").run(["monitor"] + arguments).exitCode == 64
            )
        }
    }
}
