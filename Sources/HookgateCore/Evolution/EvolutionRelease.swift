/// Which way of writing webhook settings a server understands.
package enum EvolutionDialect: String, Sendable, CaseIterable {
    /// 1.x: `webhook_by_events`, beside each other.
    case flatSnake
    /// 2.0.0 to 2.1.0: `webhookByEvents`, beside each other.
    case flatCamel
    /// 2.1.1 and later: `byEvents`, inside `webhook`; answered as `webhookByEvents`.
    case nested
}

/// What is known of the release that runs on a server.
package struct EvolutionRelease: Sendable, Equatable {
    /// Nil where the server does not say, or says something that is no number.
    package let version: EvolutionVersion?
    package let dialect: EvolutionDialect

    package init(version: EvolutionVersion) {
        self.version = version
        self.dialect =
            switch version {
            case ..<EvolutionVersion(2, 0, 0): .flatSnake
            case ..<EvolutionVersion(2, 1, 1): .flatCamel
            default: .nested
            }
    }

    /// A server that was recognised by how it answers.
    package init(dialect: EvolutionDialect) {
        self.version = nil
        self.dialect = dialect
    }

    /// Whether webhooks can carry a header of ours. A release that is known by its dialect alone is taken at its
    /// word: reading the settings back shows what it kept.
    package var acceptsHeaders: Bool {
        version.map { $0 >= EvolutionVersion(2, 1, 2) } ?? (dialect == .nested)
    }

    /// Whether a header called `jwt_key` is turned into a signed `Authorization`.
    package var signsWithJWT: Bool {
        version.map { $0 >= EvolutionVersion(2, 3, 0) } ?? false
    }
}

extension EvolutionRelease: CustomStringConvertible {
    package var description: String {
        if let version { return "Evolution API \(version)" }
        return switch dialect {
        case .flatSnake: "Evolution API 1.x"
        case .flatCamel: "Evolution API 2.0 or 2.1.0"
        case .nested: "Evolution API 2.1.1 or later"
        }
    }
}
