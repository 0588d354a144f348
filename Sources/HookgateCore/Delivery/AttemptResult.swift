/// What one attempt to deliver came to. Holds nothing of what was sent or answered.
package enum AttemptResult: Sendable, Equatable {
    /// A 2xx, or what stands for it at a destination that is no web server.
    case delivered(status: Int?)
    /// A 4xx that will be the same the next time.
    case rejected(status: Int)
    /// 410: the destination says that it is no more.
    case gone
    /// 408, 425, 429, or a 503 that says when to come back.
    case throttled(status: Int, retryAfter: Duration?)
    case serverError(status: Int)
    /// A 3xx: redirects are not followed.
    case redirected(status: Int)
    case timedOut
    case connectionFailed(ConnectionFailure)
    /// The address is one that whoever configured it may not name.
    case forbiddenAddress
    /// The event cannot be put into the form that the destination wants, or its secrets are not there.
    case unsendable(Unsendable)

    package enum ConnectionFailure: String, Sendable, CaseIterable {
        case nameResolution = "name_resolution"
        case refused
        case unreachable
        case tls
        case reset
        case protocolViolation = "protocol_violation"
        case other
    }

    package enum Unsendable: String, Sendable, CaseIterable {
        case secretsMissing = "secrets_missing"
        case invalidAddress = "invalid_address"
        /// The body is not what the format is made from.
        case bodyUnreadable = "body_unreadable"
        /// The words are not kept any more.
        case bodyGone = "body_gone"
    }

    package var isDelivered: Bool {
        if case .delivered = self { true } else { false }
    }

    /// A word of a closed set, for metrics, lists and the record of attempts.
    package var word: String {
        switch self {
        case .delivered: "delivered"
        case .rejected: "rejected"
        case .gone: "gone"
        case .throttled: "throttled"
        case .serverError: "server_error"
        case .redirected: "redirected"
        case .timedOut: "timed_out"
        case .connectionFailed(let failure): "connection_" + failure.rawValue
        case .forbiddenAddress: "forbidden_address"
        case .unsendable(let reason): reason.rawValue
        }
    }

    /// What a web server answered.
    package var status: Int? {
        switch self {
        case .delivered(let status): status
        case .rejected(let status), .throttled(let status, _), .serverError(let status), .redirected(let status): status
        case .gone: 410
        case .timedOut, .connectionFailed, .forbiddenAddress, .unsendable: nil
        }
    }
}
