import Testing

@testable import HookgateCommands

struct ConfigurationReportTests {
    @Test func textShowsValueAndOrigin() throws {
        let configuration = try ConfigurationResolver(
            flags: [.logLevel: "debug"], environment: ["SUPABASE_DB_URL": "postgres://u:p@h/db", "HOME": "/u/anna"]
        ).configuration()
        let lines = ConfigurationReport(configuration).text.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(lines.first == "SETTING VALUE FROM")
        #expect(lines.contains("database-url postgres://u:***@h/db environment SUPABASE_DB_URL"))
        #expect(lines.contains("redis-url - not set"))
        #expect(lines.contains("listen 127.0.0.1:8080 default"))
        #expect(lines.contains("log-level debug flag --log-level"))
        #expect(lines.count == Setting.all.count + 1)
    }

    @Test func jsonHoldsEverySettingOnce() throws {
        let json = try ConfigurationReport(try ConfigurationResolver().configuration()).json()
        for setting in Setting.all {
            #expect(json.components(of: "\"name\" : \"\(setting.name)\"") == 1, "\(setting.name)")
        }
    }

    @Test func referenceHasARowForEverySetting() {
        let rows = SettingReference.markdown.split(separator: "\n").dropFirst(2)
        #expect(rows.count == Setting.all.count)
        #expect(rows.allSatisfy { $0.filter { $0 == "|" }.count == 6 })
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        ranges(of: text).count
    }
}
