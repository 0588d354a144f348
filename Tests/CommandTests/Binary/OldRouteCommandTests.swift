import AsyncHTTPClient
import FoundationEssentials
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// Old URLs as they reach a running gateway, and what the commands say of them.
@Suite(.timeLimit(.minutes(3)))
struct OldRouteCommandTests {
    private static func withOneIntegration(
        _ body: (TestDatabase, HookgateBinary) async throws -> Void
    ) async throws {
        try await withSchema { database in
            let directory = "/tmp/hookgate-old-route-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-a"}', true)
                """)
            try await body(database, HookgateBinary(databaseURL: database.url, dataDirectory: directory))
        }
    }

    private static func post(_ body: String, to url: String) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code)
    }

    @Test func theDoctorProvesThatTheOldURLArrives() async throws {
        try await Self.withOneIntegration { database, hookgate in
            _ = try await hookgate.serving { address in
                let arrives = ["doctor", "--check", "old-route-arrives"]
                let here = try await hookgate.run(arrives + ["--old-url", address])
                #expect(here.exitCode == 0, "\(here)")
                let nowhere = try await hookgate.run(arrives + ["--old-url", "http://127.0.0.1:9"])
                #expect(nowhere.exitCode == 3 && nowhere.output.contains("nobody answered there"), "\(nowhere)")
                #expect(try await hookgate.run(arrives + ["--old-url", "ftp://x"]).exitCode == 64)
            }
            // A probe is no traffic: it would keep a clean-up waiting.
            #expect(try await database.pool.query("SELECT FROM hookgate.route_traffic").isEmpty)
        }
    }

    @Test func whatNamesNobodyIsHeldListedAndReleasedByAPersonsWord() async throws {
        try await Self.withOneIntegration { database, hookgate in
            // Once it has ended, it has shipped what it took.
            _ = try await hookgate.serving { address in
                // From then on it knows the integration.
                let arrival = try await hookgate.run(
                    "doctor", "--check", "old-route-arrives", "--old-url", address)
                #expect(arrival.exitCode == 0, "\(arrival)")
                let body = #"{"event":"messages.upsert","instance":"clinic-a","data":{"key":{"id":"A"}}}"#
                #expect(try await Self.post(body, to: address + "/webhooks/whatsapp") == 200)
                #expect(try await Self.post(#"{"event":"call"}"#, to: address + "/webhooks/evolution") == 200)
            }
            let list = try await hookgate.run("quarantine", "list", "--reason", "body_routed")
            #expect(list.output.contains("body_routed") && list.output.contains("clinic-a"), "\(list)")
            let doctor = try await hookgate.run("doctor", "--check", "body-routed-events")
            #expect(doctor.exitCode == 3 && doctor.output.contains("WEBHOOK_GLOBAL_ENABLED=false"), "\(doctor)")
            let release = ["quarantine", "release", "--reason", "body_routed"]
            #expect(try await hookgate.run(release).exitCode == 3, "nobody vouches for the names")
            let vouched = try await hookgate.run(release + ["--trust-name", "--yes"])
            #expect(vouched.exitCode == 3, "one of them names nobody: \(vouched)")
            let left = try await database.pool.query("SELECT FROM hookgate.events WHERE state = 'quarantined'")
            #expect(left.count == 1)
        }
    }
}
