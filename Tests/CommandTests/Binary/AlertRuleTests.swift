import FoundationEssentials
import HookgateTestSupport
import Testing

/// The alert rules against a gateway's own words.
@Suite(.timeLimit(.minutes(2)))
struct AlertRuleTests {
    private static let repository = Fixtures.directory.deletingLastPathComponent().deletingLastPathComponent()
    private static let rules = repository.appending(path: "deploy/alerts.yml")

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

    /// Parts of readiness of which the manual does not say what to do, in a row that leads to a section of it.
    private static func partsWithoutAManual(_ metrics: String) throws -> [String] {
        let text = String(
            decoding: try Data(contentsOf: repository.appending(path: "docs/operations.md")), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        let headings = Set(lines.filter { $0.hasPrefix("### ") }.map { $0.dropFirst(4).lowercased() })
        let label = "hookgate_part_state{part=\""
        let parts = metrics.split(separator: "\n").filter { $0.hasPrefix(label) }.map { line in
            String(line.dropFirst(label.count).prefix { $0 != "\"" })
        }
        #expect(parts.count > 10)
        return parts.filter { !isInManual($0, lines, headings) }
    }

    private static func isInManual(_ part: String, _ lines: [String], _ headings: Set<String>) -> Bool {
        guard let row = lines.first(where: { $0.hasPrefix("| `\(part)` | [Hookgate") }) else { return false }
        let anchors = row.split(separator: "](#").dropFirst().map { anchor in String(anchor.prefix { $0 != ")" }) }
        return !anchors.isEmpty && anchors.allSatisfy { headings.contains($0) }
    }

    @Test func everyMetricOfTheRulesIsExportedAndEveryAlarmIsInTheManual() async throws {
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
                    #expect(try Self.partsWithoutAManual(text) == [])
                }
                #expect(exitCode == 0)
            }
        }
    }
}
