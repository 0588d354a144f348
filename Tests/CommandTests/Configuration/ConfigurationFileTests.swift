import ArgumentParser
import Testing

@testable import HookgateCommands

struct ConfigurationFileTests {
    private func configuration(_ text: String) throws -> Configuration {
        try ConfigurationResolver(file: try ConfigurationFile(name: "h.yaml", text: text)).configuration()
    }

    private func description(_ text: String) throws -> String {
        try #require(throws: ConfigurationError.self) { try configuration(text) }.description
    }

    @Test func yamlAndJSONSayTheSame() throws {
        let yaml = try configuration("listen: 127.0.0.1:1\nlog-format: json\n")
        let json = try configuration("{\n\t\"listen\": \"127.0.0.1:1\",\n\t\"log-format\": \"json\"\n}\n")
        #expect(yaml.listen == json.listen)
        #expect(yaml.logFormat == json.logFormat)
        #expect(json.settings.first { $0.setting == .logFormat }?.origin == .file(name: "h.yaml", line: 3))
    }

    @Test(arguments: ["database-url", "database_url", "DATABASE_URL"])
    func keysMayBeSpelledAsVariables(key: String) throws {
        #expect(try configuration("\(key): postgres://h/db").databaseURL == "postgres://h/db")
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "{}"])
    func emptyFileSetsNothing(text: String) throws {
        #expect(try configuration(text).listen.description == "127.0.0.1:8080")
    }

    @Test func unknownKeyNamesTheNearestOne() throws {
        #expect(
            try description("log-level: info\nlisten-adress: x\nlog-levl: debug")
                .contains("file h.yaml line 3: log-levl is not a setting; did you mean log-level?"))
    }

    @Test func everyUnknownKeyIsReported() throws {
        #expect(try description("aaa: 1\nbbb: 2\n").split(separator: "\n").count == 2)
    }

    @Test(arguments: [
        ("listen: [a]", "file h.yaml line 1: listen takes one value"),
        ("log-level: info\nlisten:\n  host: a", "file h.yaml line 3: listen takes one value"),
        ("- listen", "file h.yaml line 1: the file must be a mapping"),
        ("listen: 127.0.0.1:1\nlog-level: verbose", "file h.yaml line 2: \"verbose\" is not a log level"),
        ("listen: 127.0.0.1:1\nLISTEN: 127.0.0.1:2", "file h.yaml line 2: listen is set twice"),
        ("log-level: \"info\nlisten: a", "file h.yaml line"),
    ])
    func errorsNameTheirLine(text: String, expected: String) throws {
        let found = try description(text)
        #expect(found.contains(expected))
    }

    @Test func repeatedKeyIsRefused() throws {
        #expect(try description("listen: a:1\nlisten: b:2").contains("set twice"))
    }

    @Test func syntaxErrorDoesNotRepeatTheLine() throws {
        let found = try description("admin-token: \"s3cret-value\n")
        #expect(found.hasPrefix("file h.yaml line"))
        #expect(!found.contains("s3cret-value"))
    }

    @Test func namedEvolutionServersAreRead() throws {
        let servers = try configuration(
            """
            evolution-api-url: https://one.example.org
            evolution-servers:
              second:
                api-url: https://two.example.org/
                api-key: k2
            """
        ).evolutionServers
        #expect(servers.map(\.name) == ["default", "second"])
        #expect(servers.map(\.url) == ["https://one.example.org", "https://two.example.org"])
        #expect(servers.last?.key == Secret("k2"))
    }

    @Test(arguments: [
        ("evolution-servers:\n  a:\n    api-key: k", "line 2: a has no api-url"),
        ("evolution-servers:\n  a:\n    url: https://x", "line 3: url is not a setting; did you mean api-url?"),
        ("evolution-servers: x", "line 1: evolution-servers must be a mapping"),
        ("evolution-servers:\n  a:\n    api-url: nowhere", "line 3: not a web address"),
        (
            "evolution-api-url: https://x\nevolution-servers:\n  default:\n    api-url: https://y",
            "line 4: default is the server of evolution-api-url"
        ),
    ])
    func wrongEvolutionServersNameTheirLine(text: String, expected: String) throws {
        let found = try description(text)
        #expect(found.contains(expected))
    }

    @Test func fileThatIsNotThereIsNamed() throws {
        let options = try GlobalOptions.parse(["--config", "/nowhere/hookgate.yaml"])
        let error = try #require(throws: ConfigurationError.self) { try options.configuration(environment: [:]) }
        #expect(error.description.hasPrefix("file /nowhere/hookgate.yaml: cannot be read"))
    }
}
