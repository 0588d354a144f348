/// How a request names its integration.
package enum Route: String, Sendable, CaseIterable {
    /// The secret token in the URL.
    case token
    /// The instance's name in the URL: the old way.
    case instance
}

/// What a look-up is made with. A token is looked up by its digest, so the secret stays with the request.
package enum RoutingKey: Hashable, Sendable {
    case token(TokenDigest)
    case instance(InstanceName)

    package var route: Route {
        switch self {
        case .token: .token
        case .instance: .instance
        }
    }
}
