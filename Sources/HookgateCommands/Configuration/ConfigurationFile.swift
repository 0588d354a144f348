import HookgateCore
import Yams

/// A configuration file, read: YAML, or JSON, which is YAML too.
///
/// ```yaml
/// listen: 0.0.0.0:8080
/// database-url: postgres://hookgate@db/app
/// evolution-servers:
///   second:
///     api-url: https://evolution-2.example.org
///     api-key: …
/// ```
package struct ConfigurationFile: Sendable {
    /// A text and the line it stands in.
    struct Entry: Sendable, Equatable {
        let text: String
        let line: Int
    }

    /// One of several Evolution servers, by the name that integrations refer to.
    struct Server: Sendable, Equatable {
        let name: String
        let url: Entry
        let key: Entry?
    }

    private static let serversKey = "evolution-servers"
    private static let serverKeys = ["api-url", "api-key"]

    /// As the person named it.
    package let name: String
    private(set) var entries: [Setting: Entry] = [:]
    private(set) var servers: [Server] = []

    /// Reads a file's text. Every unknown key is reported, not only the first.
    package init(name: String, text: String) throws(ConfigurationError) {
        self.name = name
        var problems: [ConfigurationError.Problem] = []
        for (key, node) in try Self.topLevel(of: text, in: name) {
            do throws(ConfigurationError) {
                try read(key, node)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    private mutating func read(_ key: Entry, _ node: Node) throws(ConfigurationError) {
        if let setting = Setting.named(key.text) {
            guard let entry = try scalar(node, for: key) else { return }
            guard entries.updateValue(entry, forKey: setting) == nil else {
                throw error(key.line, "\(setting.name) is set twice; keep one")
            }
        } else if key.text == Self.serversKey {
            try readServers(node, line: key.line)
        } else {
            throw unknown(key, among: Setting.all.map(\.name) + [Self.serversKey])
        }
    }

    private mutating func readServers(_ node: Node, line: Int) throws(ConfigurationError) {
        for (key, settings) in try pairs(of: node, line: line, called: Self.serversKey) {
            var found: [String: Entry] = [:]
            for (inner, value) in try pairs(of: settings, line: key.line, called: "\(Self.serversKey) \(key.text)") {
                guard Self.serverKeys.contains(inner.text) else { throw unknown(inner, among: Self.serverKeys) }
                found[inner.text] = try scalar(value, for: inner)
            }
            guard let url = found["api-url"] else { throw error(key.line, "\(key.text) has no api-url; add it") }
            servers.append(Server(name: key.text, url: url, key: found["api-key"]))
        }
    }

    /// A single text; nil for YAML's null, which leaves the setting unset.
    private func scalar(_ node: Node, for key: Entry) throws(ConfigurationError) -> Entry? {
        guard case .scalar(let scalar) = node else {
            throw error(node.mark?.line ?? key.line, "\(key.text) takes one value, not a list or a mapping")
        }
        return node.null == nil ? Entry(text: scalar.string, line: scalar.mark?.line ?? key.line) : nil
    }

    private func pairs(
        of node: Node, line: Int, called what: String
    ) throws(ConfigurationError) -> [(Entry, Node)] {
        guard let pairs = Self.pairs(of: node) else {
            throw error(node.mark?.line ?? line, "\(what) must be a mapping of names to values")
        }
        return pairs
    }

    private func unknown(_ key: Entry, among known: [String]) -> ConfigurationError {
        let suggestion = Nearest.match(for: key.text, among: known).map { "; did you mean \($0)?" }
        return error(
            key.line, "\(key.text) is not a setting" + (suggestion ?? "; known are \(known.joined(separator: ", "))"))
    }

    private func error(_ line: Int, _ message: String) -> ConfigurationError {
        ConfigurationError(place: SettingOrigin.file(name: name, line: line).description, message: message)
    }
}

extension ConfigurationFile {
    /// The pairs at the top. An empty file has none.
    private static func topLevel(of text: String, in name: String) throws(ConfigurationError) -> [(Entry, Node)] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError([syntaxProblem(error, in: name)])
        }
        guard let root, root.null == nil else { return [] }
        guard let pairs = pairs(of: root) else {
            throw ConfigurationError(
                place: SettingOrigin.file(name: name, line: root.mark?.line ?? 1).description,
                message: "the file must be a mapping of settings to values, as \"listen: 127.0.0.1:8080\"")
        }
        return pairs
    }

    private static func pairs(of node: Node) -> [(Entry, Node)]? {
        guard let mapping = node.mapping else { return nil }
        var pairs: [(Entry, Node)] = []
        for (key, value) in mapping {
            guard let scalar = key.scalar else { return nil }
            pairs.append((Entry(text: scalar.string, line: scalar.mark?.line ?? 1), value))
        }
        return pairs
    }

    /// Where and what, without the line's text, which Yams would print and which may be a secret.
    private static func syntaxProblem(_ error: any Error, in name: String) -> ConfigurationError.Problem {
        let found: (line: Int, message: String)
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            found = (mark.line, "not valid YAML or JSON at column \(mark.column): \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            found = (context.mark.line, "set twice from here on: \(keys.joined(separator: ", ")); keep one of each")
        default:
            found = (1, "not readable as YAML or JSON in UTF-8")
        }
        return ConfigurationError.Problem(
            place: SettingOrigin.file(name: name, line: found.line).description, message: found.message)
    }
}
