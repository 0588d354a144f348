package import FoundationEssentials

/// What an event or a poll says of an instance's connection.
package enum StatusSignal: Sendable, Equatable {
    case open(PhoneNumber?)
    case connecting
    case codeOffered
    case codesUsedUp
    /// With WhatsApp Web's number of the reason; nil where nobody gave one.
    case closed(reason: Int64?)
    case deviceRemoved
    case loggedOut
    case removed
    /// Every configured server answered, and none has it.
    case missing
    case notLoaded
}

/// A signal, with when and from what it was learned.
package struct StatusObservation: Sendable, Equatable {
    package let signal: StatusSignal
    /// By our clock: when the event was received, or when the server was asked.
    package let seenAt: Date
    /// By the sender's clock, which is wrong and goes evenly: it orders the events of one instance among themselves.
    package let saidAt: Date?
    package let source: StatusSource

    package init(_ signal: StatusSignal, seenAt: Date, saidAt: Date? = nil, source: StatusSource) {
        self.signal = signal
        self.seenAt = seenAt
        self.saidAt = saidAt
        self.source = source
    }
}

/// What is known of one integration's status.
package struct IntegrationStanding: Sendable, Equatable {
    package let integrationID: IntegrationID
    /// The word in the row.
    package var word: String?
    package var reason: StatusReason?
    /// Since when it has this word and reason.
    package var since: Date?
    /// Since when what is seen speaks against it, without being enough to change it.
    package var doubtedSince: Date?
    /// The newest evidence; older one changes nothing.
    package var seenAt: Date?
    package var saidAt: Date?
    package var phone: PhoneNumber?

    package init(
        integrationID: IntegrationID, word: String?, reason: StatusReason? = nil, since: Date? = nil,
        doubtedSince: Date? = nil, seenAt: Date? = nil, saidAt: Date? = nil, phone: PhoneNumber? = nil
    ) {
        self.integrationID = integrationID
        self.word = word
        self.reason = reason
        self.since = since
        self.doubtedSince = doubtedSince
        self.seenAt = seenAt
        self.saidAt = saidAt
        self.phone = phone
    }

    package var status: IntegrationStatus? { word.flatMap { IntegrationStatus(rawValue: $0) } }
}
