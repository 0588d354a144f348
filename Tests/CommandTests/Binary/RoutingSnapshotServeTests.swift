import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// A gateway that starts while PostgreSQL and Redis are both away.
@Suite(.timeLimit(.minutes(3)))
struct RoutingSnapshotServeTests {
    private static let token = WebhookToken(randomBytes: Array(0...31))
    private static let stranger = WebhookToken(randomBytes: Array(32...63))

    private static func get(_ url: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    private static func post(_ body: String, to path: String, at address: String) async throws -> String {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/\(path)")
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return "\(response.status.code) " + String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    private static func body(_ id: String, instance: String = "clinic-abc123") -> String {
        #"{"event":"messages.upsert","instance":"\#(instance)","data":{"key":{"id":"\#(id)"}}}"#
    }

    @Test func knownSendersAreServedWhileBothStoresAreDownAndOthersAreUndecided() async throws {
        let directory = "/tmp/hookgate-snapshot-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [Self.token.secretText])
            let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
            _ = try await hookgate.serving { address in
                let begun = ContinuousClock.now
                while ContinuousClock.now - begun < .seconds(30) {
                    if try await Self.get("\(address)/metrics").contains("hookgate_routing_complete 1") { break }
                }
            }
            let snapshot = directory + "/routing.snapshot"
            let bytes = try Data(contentsOf: URL(filePath: snapshot))
            #expect(!String(decoding: bytes, as: UTF8.self).contains(Self.token.secretText))

            // The same place, where nobody lets us in, and a Redis that is not there.
            let alone = HookgateBinary(
                databaseURL: database.url(as: "hookgate_stranger"), dataDirectory: directory,
                settings: ["REDIS_URL": "redis://127.0.0.1:1"])
            _ = try await alone.serving { address in
                let byToken = "whatsapp/\(Self.token.secretText)"
                #expect(
                    try await Self.post(Self.body("A1"), to: byToken, at: address).hasPrefix(#"200 {"status":"ok""#))
                let byName = try await Self.post(Self.body("A2"), to: "clinic-abc123", at: address)
                #expect(byName.hasPrefix(#"200 {"status":"ok""#), "\(byName)")
                let unknown = try await Self.post(
                    Self.body("A3"), to: "whatsapp/\(Self.stranger.secretText)", at: address)
                #expect(unknown.hasPrefix(#"200 {"status":"undecided""#), "\(unknown)")
                let other = try await Self.post(Self.body("A4", instance: "other"), to: "other", at: address)
                #expect(other.hasPrefix(#"200 {"status":"undecided""#), "\(other)")
                let metrics = try await Self.get("\(address)/metrics")
                #expect(metrics.contains(#"hookgate_resolutions_total{tier="snapshot"} 2"#))
                #expect(metrics.contains("hookgate_routing_snapshot_used 1"))
                let ready = try await Self.get("\(address)/health/ready")
                #expect(ready.contains(#""name":"routing","status":"degraded""#) && ready.contains("snapshot of 20"))
            }

            var damaged = bytes
            damaged[damaged.count / 2] ^= 1
            try damaged.write(to: URL(filePath: snapshot))
            _ = try await alone.serving { address in
                let answer = try await Self.post(Self.body("A5"), to: "clinic-abc123", at: address)
                #expect(answer.hasPrefix(#"200 {"status":"undecided""#), "\(answer)")
            }

            // All of it is decided by the one who can, and nothing was lost.
            _ = try await hookgate.serving { address in
                let begun = ContinuousClock.now
                while ContinuousClock.now - begun < .seconds(30) {
                    if try await Self.get("\(address)/metrics").contains("hookgate_spool_depth_records 0") { break }
                }
            }
            let rows = try await database.pool.query(
                "SELECT message_id, state, integration_id IS NOT NULL AS known FROM hookgate.events ORDER BY message_id"
            )
            let states = try rows.map { row in
                "\(try row.decode("message_id", as: String.self)) \(try row.decode("state", as: String.self))"
            }
            #expect(states == ["A1 pending", "A2 pending", "A3 quarantined", "A4 quarantined", "A5 pending"])
        }
    }
}
