package import ArgumentParser
import FoundationEssentials

/// The flags that every command takes. What has no flag here comes from the environment or the file: a secret on a
/// command line can be read by every user of the machine.
package struct GlobalOptions: ParsableArguments {
    @Option(
        name: .customLong("config"), help: ArgumentHelp("Read settings from a YAML or JSON file.", valueName: "file"))
    package var configFile: String?

    @Option(name: .customLong("database-url"), help: Self.help(.databaseURL, "url"))
    package var databaseURL: String?

    @Option(name: .customLong("database-direct-url"), help: Self.help(.databaseDirectURL, "url"))
    package var databaseDirectURL: String?

    @Option(name: .customLong("redis-url"), help: Self.help(.redisURL, "url"))
    package var redisURL: String?

    @Option(name: .customLong("public-url"), help: Self.help(.publicURL, "url"))
    package var publicURL: String?

    @Option(name: .customLong("listen"), help: Self.help(.listen, "host:port"))
    package var listen: String?

    @Option(name: .customLong("data-dir"), help: Self.help(.dataDirectory, "directory"))
    package var dataDirectory: String?

    @Option(name: .customLong("durability"), help: Self.help(.durability, "promise"))
    package var durability: String?

    @Option(name: .customLong("max-body"), help: Self.help(.maxBody, "size"))
    package var maxBody: String?

    @Option(name: .customLong("log-level"), help: Self.help(.logLevel, "level"))
    package var logLevel: String?

    @Option(name: .customLong("log-format"), help: Self.help(.logFormat, "format"))
    package var logFormat: String?

    @Flag(name: .customLong("json"), help: "Print the result as JSON, for machines.")
    package var json = false

    package init() {}

    /// The settings given as flags.
    var flags: [Setting: String] {
        let given: [Setting: String?] = [
            .databaseURL: databaseURL, .databaseDirectURL: databaseDirectURL, .redisURL: redisURL,
            .publicURL: publicURL, .listen: listen, .dataDirectory: dataDirectory, .durability: durability,
            .maxBody: maxBody, .logLevel: logLevel, .logFormat: logFormat,
        ]
        return given.compactMapValues { $0 }
    }

    /// The configuration that applies to this run. A wrong one is wrong usage: exit 64.
    package func configuration() throws -> Configuration {
        do throws(ConfigurationError) {
            return try configuration(environment: ProcessInfo.processInfo.environment)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func configuration(environment: [String: String]) throws(ConfigurationError) -> Configuration {
        let name = configFile ?? environment[ConfigurationResolver.fileVariable]
        let file: ConfigurationFile? =
            if let name, !name.isEmpty { try ConfigurationFile(reading: name) } else { nil }
        return try ConfigurationResolver(flags: flags, environment: environment, file: file).configuration()
    }

    /// The table's words, with the variables that set the same.
    private static func help(_ setting: Setting, _ valueName: String) -> ArgumentHelp {
        let variables = setting.variables.map(\.name).joined(separator: ", ")
        return ArgumentHelp("\(setting.help) (\(variables))", valueName: valueName)
    }
}

extension ConfigurationFile {
    /// Reads a file from disk.
    init(reading name: String) throws(ConfigurationError) {
        guard let bytes = FileManager.default.contents(atPath: name) else {
            throw ConfigurationError(
                place: "file \(name)", message: "cannot be read; check its path and that this user may read it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(place: "file \(name)", message: "is not UTF-8 text; save it as UTF-8")
        }
        try self.init(name: name, text: text)
    }
}
