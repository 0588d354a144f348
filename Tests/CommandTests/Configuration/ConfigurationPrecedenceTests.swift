import ArgumentParser
import Testing

@testable import HookgateCommands

struct ConfigurationPrecedenceTests {
    private func listen(
        flag: String? = nil, environment: [String: String] = [:], file: String? = nil
    ) throws -> (address: String, origin: String) {
        let configuration = try ConfigurationResolver(
            flags: flag.map { [.listen: $0] } ?? [:],
            environment: environment,
            file: try file.map { try ConfigurationFile(name: "hookgate.yaml", text: $0) }
        ).configuration()
        let origin = configuration.settings.first { $0.setting == .listen }?.origin
        return (configuration.listen.description, origin?.description ?? "")
    }

    @Test func flagWinsOverEnvironmentFileAndDefault() throws {
        let found = try listen(
            flag: "127.0.0.1:1", environment: ["HOOKGATE_LISTEN": "127.0.0.1:2"], file: "listen: 127.0.0.1:3")
        #expect(found.address == "127.0.0.1:1")
        #expect(found.origin == "flag --listen")
    }

    @Test func environmentWinsOverFileAndDefault() throws {
        let found = try listen(environment: ["HOOKGATE_LISTEN": "127.0.0.1:2"], file: "listen: 127.0.0.1:3")
        #expect(found.address == "127.0.0.1:2")
        #expect(found.origin == "environment HOOKGATE_LISTEN")
    }

    @Test func fileWinsOverDefaultAndNamesItsLine() throws {
        let found = try listen(file: "# ours\nlog-level: info\nlisten: 127.0.0.1:3")
        #expect(found.address == "127.0.0.1:3")
        #expect(found.origin == "file hookgate.yaml line 3")
    }

    @Test func defaultAppliesWhenNobodySetsIt() throws {
        let found = try listen()
        #expect(found.address == "127.0.0.1:8080")
        #expect(found.origin == "default")
    }

    @Test func portMeansEveryAddress() throws {
        let found = try listen(environment: ["PORT": "3000"])
        #expect(found.address == "0.0.0.0:3000")
        #expect(found.origin == "environment PORT")
    }

    @Test func ourOwnVariableWinsOverPort() throws {
        let found = try listen(environment: ["PORT": "3000", "HOOKGATE_LISTEN": "127.0.0.1:9"])
        #expect(found.address == "127.0.0.1:9")
    }

    @Test func portOfThePlatformWinsOverTheFile() throws {
        #expect(try listen(environment: ["PORT": "3000"], file: "listen: 127.0.0.1:3").address == "0.0.0.0:3000")
    }

    @Test(arguments: ["", "   ", "\n"])
    func emptyVariableCountsAsUnset(value: String) throws {
        #expect(try listen(environment: ["HOOKGATE_LISTEN": value]).origin == "default")
    }

    @Test func nullInTheFileCountsAsUnset() throws {
        #expect(try listen(file: "listen:").origin == "default")
        #expect(try listen(file: "listen: ~").origin == "default")
    }

    @Test(arguments: [
        (Setting.databaseURL, ["HOOKGATE_DATABASE_URL", "DATABASE_URL", "SUPABASE_DB_URL"]),
        (.databaseDirectURL, ["HOOKGATE_DATABASE_DIRECT_URL", "DATABASE_DIRECT_URL"]),
        (.redisURL, ["HOOKGATE_REDIS_URL", "REDIS_URL"]),
        (.publicURL, ["HOOKGATE_PUBLIC_URL", "WEBHOOK_BASE_URL"]),
        (.listen, ["HOOKGATE_LISTEN", "PORT"]),
        (.consoleListen, ["HOOKGATE_CONSOLE_LISTEN"]),
        (.dataDirectory, ["HOOKGATE_DATA_DIR"]),
        (.evolutionAPIURL, ["HOOKGATE_EVOLUTION_API_URL", "EVOLUTION_API_URL", "EVOLUTION_SERVER_URL"]),
        (.evolutionAPIKey, ["HOOKGATE_EVOLUTION_API_KEY", "EVOLUTION_API_KEY"]),
        (.evolutionWebhookSecret, ["HOOKGATE_EVOLUTION_WEBHOOK_SECRET", "EVOLUTION_WEBHOOK_SECRET"]),
        (.deliverURL, ["HOOKGATE_DELIVER_URL"]),
        (.deliverSecret, ["HOOKGATE_DELIVER_SECRET"]),
        (.adminToken, ["HOOKGATE_ADMIN_TOKEN"]),
        (.alertURL, ["HOOKGATE_ALERT_URL"]),
        (.logLevel, ["HOOKGATE_LOG_LEVEL", "LOG_LEVEL"]),
        (.logFormat, ["HOOKGATE_LOG_FORMAT", "LOG_FORMAT"]),
    ])
    func environmentNamesAreThosePromised(setting: Setting, names: [String]) {
        #expect(setting.variables.map(\.name) == names)
    }

    @Test func aliasesApplyInTheirOrder() throws {
        var environment = ["SUPABASE_DB_URL": "postgres://third/db"]
        func database() throws -> String? {
            try ConfigurationResolver(environment: environment).configuration().databaseURL
        }
        #expect(try database() == "postgres://third/db")
        environment["DATABASE_URL"] = "postgres://second/db"
        #expect(try database() == "postgres://second/db")
        environment["HOOKGATE_DATABASE_URL"] = "postgres://first/db"
        #expect(try database() == "postgres://first/db")
    }

    @Test(arguments: [
        (["XDG_STATE_HOME": "/state", "HOME": "/u/anna"], "/state/hookgate"),
        (["XDG_STATE_HOME": "relative", "HOME": "/u/anna"], "/u/anna/.local/state/hookgate"),
        (["HOME": "/u/anna"], "/u/anna/.local/state/hookgate"),
        ([:], "/var/lib/hookgate"),
        (["HOOKGATE_DATA_DIR": "/data", "HOME": "/u/anna"], "/data"),
    ])
    func dataDirectoryFollowsTheUsersState(environment: [String: String], directory: String) throws {
        #expect(try ConfigurationResolver(environment: environment).configuration().dataDirectory == directory)
    }

    @Test func flagsAreThoseOfTheTable() throws {
        let marked = Setting.all.filter(\.hasFlag)
        let value: [Setting: String] = [.listen: "127.0.0.1:1", .logLevel: "debug", .logFormat: "json"]
        let arguments = marked.flatMap { [$0.flag, value[$0] ?? "x"] }
        #expect(Set(try GlobalOptions.parse(arguments).flags.keys) == Set(marked))
    }

    @Test func misspelledVariableOfOursIsNoted() throws {
        let configuration = try ConfigurationResolver(environment: ["HOOKGATE_LISTN": "x"]).configuration()
        #expect(
            configuration.notes == [
                "environment HOOKGATE_LISTN is not a setting and has no effect; did you mean HOOKGATE_LISTEN?"
            ])
    }
}
