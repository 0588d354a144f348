import FoundationEssentials
import HookgateTestSupport
import Testing

/// The alert rules against a gateway's own words.
@Suite(.timeLimit(.minutes(2)))
struct AlertRuleTests {
    private static let rules = Fixtures.directory.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "deploy/alerts.yml")

    /// Names of metrics in the rules' expressions.
    private static func metrics() throws -> Set<String> {
        let text = String(decoding: try Data(contentsOf: rules), as: UTF8.self)
        let expressions = text.split(separator: "\n").filter { $0.contains("expr:") }
        return Set(
            expressions.flatMap { line in
                line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                    .filter { $0.hasPrefix("hookgate_") }
            })
    }

    @Test func everyMetricOfTheRulesIsExported() async throws {
        let named = try Self.metrics()
        #expect(named.count > 10)
        let directory = "/tmp/hookgate-alerts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await withRedis { redis in
                let hookgate = HookgateBinary(
                    databaseURL: database.url, dataDirectory: directory,
                    settings: ["REDIS_URL": redis.url, "HOOKGATE_ALERT_URL": "http://127.0.0.1:9/"])
                let exitCode = try await hookgate.serving { address in
                    var text = ""
                    var missing = named
                    // What is counted in the database is there once it was counted for the first time.
                    _ = try await OneIntegration.time {
                        text = try await OneIntegration.get("\(address)/metrics")
                        let exported = Set(text.split(separator: "\n").map { $0.prefix { $0 != "{" && $0 != " " } })
                        missing = named.filter { !exported.contains(Substring($0)) }
                        return missing.isEmpty
                    }
                    #expect(missing.isEmpty)
                    #expect(text.contains(#"hookgate_part_state{part="listener"} 0"#))
                }
                #expect(exitCode == 0)
            }
        }
    }
}
