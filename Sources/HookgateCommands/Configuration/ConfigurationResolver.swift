import HookgateCore

/// Decides which text each setting has: flags before environment before file before default. Pure.
package struct ConfigurationResolver: Sendable {
    private let flags: [Setting: String]
    private let environment: [String: String]
    private let file: ConfigurationFile?

    package init(flags: [Setting: String] = [:], environment: [String: String] = [:], file: ConfigurationFile? = nil) {
        self.flags = flags
        self.environment = environment
        self.file = file
    }

    /// The typed configuration, or everything that is wrong with it.
    package func configuration() throws(ConfigurationError) -> Configuration {
        var reader = SettingReader(settings: effectiveSettings())
        return try Configuration(&reader, servers: file?.servers ?? [], fileName: file?.name ?? "", notes: notes())
    }

    /// Every setting of the table, in its order.
    func effectiveSettings() -> [EffectiveSetting] {
        Setting.all.map { setting in
            let chosen =
                fromFlag(setting) ?? fromEnvironment(setting) ?? fromFile(setting) ?? fromFallback(setting)
            return EffectiveSetting(setting: setting, text: chosen?.text, origin: chosen?.origin)
        }
    }

    private typealias Chosen = (text: String, origin: SettingOrigin)

    private func fromFlag(_ setting: Setting) -> Chosen? {
        guard let text = Self.stated(flags[setting]) else { return nil }
        return (text, .flag(setting.flag))
    }

    private func fromEnvironment(_ setting: Setting) -> Chosen? {
        for variable in setting.variables {
            guard let text = Self.stated(environment[variable.name]) else { continue }
            return (variable.prefix + text, .environment(variable.name))
        }
        return nil
    }

    private func fromFile(_ setting: Setting) -> Chosen? {
        guard let file, let entry = file.entries[setting], let text = Self.stated(entry.text) else { return nil }
        return (text, .file(name: file.name, line: entry.line))
    }

    private func fromFallback(_ setting: Setting) -> Chosen? {
        switch setting.fallback {
        case .nothing: nil
        case .text(let text): (text, .fallback)
        case .stateDirectory: (stateDirectory + "/hookgate", .fallback)
        }
    }

    /// The user's state directory as the XDG specification says; a service without a home has the system's, and so
    /// has root, whose home is closed to the user that the private PostgreSQL runs as.
    private var stateDirectory: String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state }
        if let home = environment["HOME"], home.hasPrefix("/") {
            return home == "/" || home == "/root" ? "/var/lib" : home + "/.local/state"
        }
        return "/var/lib"
    }

    /// An empty value is one that nobody set (compose files and dashboards leave such behind); a line break at
    /// the end comes from `$(cat secret)` and is nobody's secret.
    private static func stated(_ text: String?) -> String? {
        guard let text else { return nil }
        let trimmed = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        return trimmed.isEmpty ? nil : String(trimmed)
    }

    /// Variables with our prefix that set nothing: most likely spelled wrong.
    private func notes() -> [String] {
        let known = Setting.all.flatMap(\.variables).map(\.name) + [Self.fileVariable]
        let unknown = environment.keys.filter { $0.hasPrefix("HOOKGATE_") && !known.contains($0) }
        return unknown.sorted().map { name in
            let suggestion = Nearest.match(for: name, among: known).map { "; did you mean \($0)?" } ?? ""
            return "environment \(name) is not a setting and has no effect" + suggestion
        }
    }

    /// Names the configuration file when `--config` does not.
    static let fileVariable = "HOOKGATE_CONFIG"
}
