import FoundationEssentials

/// How `hookgate config` shows a configuration: secrets masked, each value with its origin.
package struct ConfigurationReport: Sendable, Encodable {
    private struct Row: Encodable {
        let name: String
        let value: String?
        let masked: Bool
        let origin: String?
    }

    private let settings: [Row]
    private let notes: [String]

    package init(_ configuration: Configuration) {
        let servers = configuration.evolutionServers.filter {
            $0.name != Configuration.EvolutionServer.defaultName
        }
        self.settings =
            configuration.settings.map { found in
                Row(
                    name: found.setting.name, value: found.shown, masked: found.isMasked,
                    origin: found.origin?.description)
            }
            + servers.map { server in
                Row(
                    name: "evolution-servers.\(server.name)", value: Masking.shown(server.url, .connection),
                    masked: server.key != nil, origin: "file")
            }
        self.notes = configuration.notes
    }

    /// Aligned columns for people, one setting a line.
    package var text: String {
        let table = [("SETTING", "VALUE", "FROM")] + settings.map { ($0.name, $0.value ?? "-", $0.origin ?? "not set") }
        let nameWidth = table.map(\.0.count).max() ?? 0
        let valueWidth = min(table.map(\.1.count).max() ?? 0, 60)
        let lines = table.map { name, value, origin in
            "\(Self.padded(name, nameWidth))  \(Self.padded(value, valueWidth))  \(origin)"
        }
        return (lines + notes.map { "note: \($0)" }).joined(separator: "\n")
    }

    /// The same as JSON, keys sorted.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
