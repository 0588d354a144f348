/// The settings as a Markdown table: what docs/configuration.md holds.
enum SettingReference {
    static var markdown: String {
        let header = ["| setting | flag | environment | default | |", "|---|---|---|---|---|"]
        return (header + Setting.all.map(row)).joined(separator: "\n")
    }

    private static func row(_ setting: Setting) -> String {
        let flag = setting.hasFlag ? "`\(setting.flag)`" : ""
        let variables = setting.variables.map { "`\($0.name)`" }.joined(separator: ", ")
        return "| `\(setting.name)` | \(flag) | \(variables) | \(fallback(setting)) | \(setting.help) |"
    }

    private static func fallback(_ setting: Setting) -> String {
        switch setting.fallback {
        case .nothing: ""
        case .text(let text): "`\(text)`"
        case .stateDirectory: "`$XDG_STATE_HOME/hookgate` or `~/.local/state/hookgate`"
        }
    }
}
