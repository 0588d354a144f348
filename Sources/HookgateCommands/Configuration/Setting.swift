/// One thing that can be configured.
///
/// It is declared once, in ``Setting/all``; reading, `hookgate config` and docs/configuration.md all come from there.
/// A setting called `foo-bar` is `--foo-bar` as a flag (when it has one), `HOOKGATE_FOO_BAR` in the environment and
/// `foo-bar:` in a configuration file.
package struct Setting: Sendable {
    /// How much of the value may be seen by people, logs and screenshots.
    package enum Secrecy: Sendable {
        case open
        /// A connection string: shown without its password.
        case connection
        /// A web address whose path is its secret (chat webhooks are such): shown as scheme and host alone.
        case capabilityURL
        /// Nothing of it is shown.
        case secret
    }

    /// What applies when nobody sets it.
    package enum Fallback: Sendable, Equatable {
        case nothing
        case text(String)
        /// `hookgate` in the user's state directory, which only the environment can tell.
        case stateDirectory
    }

    /// An environment variable that sets it, with what has to stand before its value.
    package struct Variable: Sendable, Equatable, ExpressibleByStringLiteral {
        package let name: String
        package var prefix = ""

        package init(_ name: String, prefix: String = "") {
            self.name = name
            self.prefix = prefix
        }

        package init(stringLiteral name: String) {
            self.init(name)
        }
    }

    package let name: String
    /// Further environment variables: those that platforms and the old system already set.
    package let inherited: [Variable]
    package let hasFlag: Bool
    package let secrecy: Secrecy
    package let fallback: Fallback
    package let help: String

    init(
        _ name: String, inherited: [Variable] = [], flag: Bool = false, secrecy: Secrecy = .open,
        fallback: Fallback = .nothing, help: String
    ) {
        self.name = name
        self.inherited = inherited
        self.hasFlag = flag
        self.secrecy = secrecy
        self.fallback = fallback
        self.help = help
    }

    package var flag: String { "--\(name)" }

    /// The environment variables, the one that wins first.
    package var variables: [Variable] {
        [Variable(Self.variableName(for: name))] + inherited
    }

    /// `foo-bar` → `HOOKGATE_FOO_BAR`.
    package static func variableName(for name: String) -> String {
        "HOOKGATE_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
    }
}

extension Setting: Hashable {
    package static func == (left: Setting, right: Setting) -> Bool { left.name == right.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
