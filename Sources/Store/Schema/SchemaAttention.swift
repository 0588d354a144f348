package import HookgateCore

/// Something the schema cannot settle by itself.
package enum SchemaAttention: Sendable, Equatable {
    /// Several integrations have one instance name. Webhooks for it are quarantined until one is left.
    case duplicateInstance(InstanceName, provider: String?, integrations: [IntegrationID])
    /// Several integrations hold one token (told by its fingerprint), so nobody can say whose it is.
    case duplicateToken(fingerprint: String, integrations: [IntegrationID])
    /// There are more duplicates than are listed.
    case moreDuplicates
    /// A role of PostgREST can still read token columns, through a right that the table's owner cannot take back.
    case readableTokens(role: String, columns: String, place: String)
}

extension SchemaAttention: CustomStringConvertible {
    package var description: String {
        switch self {
        case .duplicateInstance(let name, let provider, let integrations):
            "instance \(name) of \(provider ?? "no provider") has \(integrations.count) integrations "
                + "(\(Self.list(integrations))): keep one, its webhooks are quarantined until then"
        case .duplicateToken(let fingerprint, let integrations):
            "token \(fingerprint) is held by \(integrations.count) integrations (\(Self.list(integrations))): "
                + "set webhook_token to NULL on those it does not belong to, they get a new one"
        case .moreDuplicates:
            "there are more duplicates than are listed here"
        case .readableTokens(let role, let columns, let place):
            "role \(role) can still read \(columns) through \(place): revoke that as the role that granted it, or as "
                + "a superuser"
        }
    }

    private static func list(_ integrations: [IntegrationID]) -> String {
        integrations.prefix(5).map(\.text).joined(separator: ", ") + (integrations.count > 5 ? ", …" : "")
    }
}
