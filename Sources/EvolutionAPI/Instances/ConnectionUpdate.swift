package import HookgateCore

/// What Evolution says of an instance's connection to WhatsApp.
package struct ConnectionUpdate: Sendable, Equatable {
    package enum State: Sendable, Hashable {
        case open
        case connecting
        case close
        /// Nobody scanned any of the QR codes.
        case refused
        case other(String)
    }

    package let state: State
    /// Why, as a number of WhatsApp Web's own (401 logged out, 440 replaced, …); 200 where nothing is wrong.
    package let reason: Int64?
    /// The number that is connected, where the release says so.
    package let owner: JID?
    package let phone: PhoneNumber?
    package let profileName: String?

    init?(_ data: JSONValue) {
        let isConnected = data["connected"]?.bool
        guard let word = data["state"]?.text ?? isConnected.map({ $0 ? "open" : "close" }) else { return nil }
        self.state = State(word)
        self.reason = data["statusReason"]?.integer
        self.owner = data["wuid"]?.jid
        self.phone = owner?.phone ?? data["phone"]?.text.flatMap { PhoneNumber($0) }
        self.profileName = data["profileName"]?.text
    }

    /// What the integration's status becomes. Pending where the server connects again by itself, error where only a
    /// person can help; 2.4.0 does not come back from a 408 either, which the body does not tell.
    package var status: IntegrationStatus? {
        switch state {
        case .open: .active
        case .connecting: .pending
        case .refused: .disconnected
        case .close: Self.status(ofClose: reason)
        case .other: nil
        }
    }

    static func status(ofClose reason: Int64?) -> IntegrationStatus {
        switch reason {
        case 401: .disconnected
        case 402, 403, 406, 411, 440, 500: .error
        default: .pending
        }
    }
}

extension ConnectionUpdate.State {
    fileprivate init(_ word: String) {
        switch word.lowercased() {
        case "open", "connected": self = .open
        case "connecting": self = .connecting
        case "close", "closed", "disconnected": self = .close
        case "refused": self = .refused
        default: self = .other(word)
        }
    }
}
