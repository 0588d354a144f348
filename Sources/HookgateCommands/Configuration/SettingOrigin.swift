/// Where a value came from, in words that lead a person to it.
package enum SettingOrigin: Sendable, Equatable {
    case flag(String)
    case environment(String)
    case file(name: String, line: Int)
    case fallback
}

extension SettingOrigin: CustomStringConvertible {
    package var description: String {
        switch self {
        case .flag(let flag): "flag \(flag)"
        case .environment(let variable): "environment \(variable)"
        case .file(let name, let line): "file \(name) line \(line)"
        case .fallback: "default"
        }
    }
}
