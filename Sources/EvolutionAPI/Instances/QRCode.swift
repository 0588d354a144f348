package import HookgateCore

/// A code to be scanned was shown, or there will be none any more.
///
/// Who has the code can take over the number, so it is not read here: that there is one is all that a webhook's
/// reader needs, and the shipper has taken it out of the body by then.
package enum QRCode: Sendable, Equatable {
    case offered
    /// The last one went unscanned; somebody must ask for a new connection.
    case limitReached(reason: Int64?)

    init(_ data: JSONValue) {
        self = data["statusCode"] == nil ? .offered : .limitReached(reason: data["statusCode"]?.integer)
    }

    package var status: IntegrationStatus {
        switch self {
        case .offered: .pending
        case .limitReached: .disconnected
        }
    }
}
