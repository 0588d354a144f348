import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// A gateway with Redis behind it: what it answers, and what it says of itself.
@Suite(.timeLimit(.minutes(3)))
struct RedisTierTests {
    private static let token = WebhookToken(randomBytes: Array(0...31))
    private static let body = #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"id":"A1"}}}"#

    private static func get(_ url: String) async throws -> (status: Int, body: String) {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    private static func post(to address: String) async throws -> Int {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/whatsapp/\(token.secretText)")
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
    }

    /// Asks until the text is there; what a gateway says of its surroundings follows them by a moment.
    private static func becomes(_ url: String, _ text: String) async throws -> Bool {
        let begun = ContinuousClock.now
        while ContinuousClock.now - begun < .seconds(20) {
            if try await self.get(url).body.contains(text) { return true }
        }
        return false
    }

    private static func reaches(_ metric: String, _ value: Double, at address: String) async throws -> Bool {
        let begun = ContinuousClock.now
        while ContinuousClock.now - begun < .seconds(20) {
            let lines = try await self.get("\(address)/metrics").body.split(separator: "\n")
            let line = lines.first { $0.hasPrefix(metric + " ") }
            if let line, let now = Double(line.dropFirst(metric.count + 1)), now >= value { return true }
        }
        return false
    }

    @Test func gatewayWorksWithRedisAndWithoutItAndSaysSo() async throws {
        let directory = "/tmp/hookgate-redis-tier-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [Self.token.secretText])
            try await withRedis(password: "s3cret") { redis in
                let url = "redis+unix://:s3cret@\(redis.socket)"
                let hookgate = HookgateBinary(
                    databaseURL: database.url, dataDirectory: directory, settings: ["REDIS_URL": url])
                let shown = try await hookgate.run("config")
                #expect(shown.output.contains("redis+unix://") && !shown.output.contains("s3cret"))
                _ = try await hookgate.serving { address in
                    let ready = "\(address)/health/ready"
                    #expect(try await Self.becomes(ready, #""name":"redis","status":"ok""#))
                    #expect(try await Self.reaches("hookgate_redis_connected", 1, at: address))
                    #expect(try await Self.post(to: address) == 200)
                    try redis.die()
                    #expect(try await Self.becomes(ready, #""name":"redis","status":"degraded""#))
                    let readiness = try await Self.get(ready)
                    #expect(readiness.status == 200 && !readiness.body.contains("s3cret"))
                    #expect(try await Self.post(to: address) == 200)
                }
            }
        }
    }

    @Test func gatewayThatStartsWithoutPostgreSQLDecidesFromRedis() async throws {
        let directory = "/tmp/hookgate-redis-tier-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [Self.token.secretText])
            try await withRedis { redis in
                let hookgate = HookgateBinary(
                    databaseURL: database.url, dataDirectory: directory, settings: ["REDIS_URL": redis.url])
                _ = try await hookgate.serving { address in
                    let isFilled = try await Self.reaches("hookgate_redis_records_written_total", 2, at: address)
                    #expect(isFilled)
                }
                // The same place, where nobody lets us in any more.
                let late = HookgateBinary(
                    databaseURL: database.url(as: "hookgate_stranger"), dataDirectory: directory,
                    settings: ["REDIS_URL": redis.url])
                _ = try await late.serving { address in
                    let isConnected = try await Self.reaches("hookgate_redis_connected", 1, at: address)
                    let status = try await Self.post(to: address)
                    let stale = #"hookgate_resolutions_total{tier="redis_stale"}"#
                    let isStale = try await Self.reaches(stale, 1, at: address)
                    #expect(isConnected && status == 200 && isStale)
                }
            }
        }
    }
}
