/// An instance's connection to WhatsApp, as its server sees it.
package enum EvolutionConnection: Sendable, Equatable {
    case open
    case connecting
    case closed
    /// Known to the server's database, but not to the running process: no webhook can be set until it is.
    case notLoaded
    case other(String)

    package init(_ word: String?) {
        switch word?.lowercased() {
        case nil: self = .notLoaded
        case "open": self = .open
        case "connecting": self = .connecting
        case "close", "closed": self = .closed
        case let word?: self = .other(word)
        }
    }
}

extension EvolutionConnection: CustomStringConvertible {
    package var description: String {
        switch self {
        case .open: "open"
        case .connecting: "connecting"
        case .closed: "closed"
        case .notLoaded: "not loaded"
        case .other(let word): word.printable
        }
    }
}

/// One entry of a server's list of instances.
package struct EvolutionInstance: Sendable, Equatable {
    package let name: InstanceName
    /// The server's own id of it.
    package let id: String?
    /// From the server's database, which is wrong at times; ask for the connection where it matters.
    package let connection: EvolutionConnection
    /// The number that is or was connected.
    package let owner: PhoneNumber?
    /// `WHATSAPP-BAILEYS`, `WHATSAPP-BUSINESS` or `EVOLUTION`.
    package let channel: String?

    package init(
        name: InstanceName, id: String?, connection: EvolutionConnection, owner: PhoneNumber?, channel: String?
    ) {
        self.name = name
        self.id = id
        self.connection = connection
        self.owner = owner
        self.channel = channel
    }
}

/// What a new instance shall be.
package struct EvolutionInstanceDraft: Sendable {
    package let name: InstanceName
    /// Set from the first moment, so that no event is missed.
    package let webhook: EvolutionWebhookSettings
    /// For a pairing code in place of a QR code: digits, with the country's.
    package let number: String?

    package init(name: InstanceName, webhook: EvolutionWebhookSettings, number: String? = nil) {
        self.name = name
        self.webhook = webhook
        self.number = number
    }
}

/// What became of an ``EvolutionInstanceDraft``.
package struct EvolutionCreatedInstance: Sendable, Equatable {
    package let id: String?
    package let connection: EvolutionConnection
    package let pairing: EvolutionPairing?

    package init(id: String?, connection: EvolutionConnection, pairing: EvolutionPairing?) {
        self.id = id
        self.connection = connection
        self.pairing = pairing
    }
}

/// What to show to the person with the telephone. Whoever has it can take over the number: printing it shows nothing.
package struct EvolutionPairing: Sendable, Equatable {
    /// The text to draw as a QR code.
    package let qrText: String?
    /// The same as a picture: a `data:` URL.
    package let qrImage: String?
    /// Eight characters to type, where a number was given.
    package let pairingCode: String?

    package init(qrText: String?, qrImage: String?, pairingCode: String?) {
        self.qrText = qrText
        self.qrImage = qrImage
        self.pairingCode = pairingCode
    }
}

extension EvolutionPairing: CustomStringConvertible, CustomReflectable {
    package var description: String { "a code to pair with" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What asking an instance to connect brought.
package enum EvolutionConnectAnswer: Sendable, Equatable {
    case alreadyOpen
    case pair(EvolutionPairing)
    /// No code is there yet; ask again in a moment.
    case waiting
}
