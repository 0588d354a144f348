/// Which events a destination wants.
package struct EventSelection: Sendable, Equatable {
    /// In ``EventName``'s one spelling; nil for all kinds.
    package var kinds: Set<String>?
    /// Never delivered, whatever ``kinds`` says.
    package var excludedKinds: Set<String>
    package var groups: Bool
    package var statusBroadcasts: Bool
    package var newsletters: Bool
    /// Messages that the clinic itself sent.
    package var ownMessages: Bool

    package init(
        kinds: Set<String>? = nil, excludedKinds: Set<String> = [], groups: Bool = true,
        statusBroadcasts: Bool = false, newsletters: Bool = false, ownMessages: Bool = true
    ) {
        self.kinds = kinds.map { Set($0.map(EventName.normalised)) }
        self.excludedKinds = Set(excludedKinds.map(EventName.normalised))
        self.groups = groups
        self.statusBroadcasts = statusBroadcasts
        self.newsletters = newsletters
        self.ownMessages = ownMessages
    }

    /// Everything a backend may act on: no stories, no channels.
    package static let sensible = EventSelection()
    /// Whatever came.
    package static let everything = EventSelection(statusBroadcasts: true, newsletters: true)

    /// Why an event is not meant for the destination; nil when it is.
    /// - Parameter isOwn: whether the clinic itself sent the message; asked only where it matters.
    package func reason(against event: DeliveryEvent, isOwn: () -> Bool) -> FilterReason? {
        let kind = event.kind.map(EventName.normalised) ?? ""
        if excludedKinds.contains(kind) || kinds?.contains(kind) == false { return .kind }
        if let chat = event.chat {
            if !statusBroadcasts, chat == "status@broadcast" { return .statusBroadcast }
            if !newsletters, chat.hasSuffix("@newsletter") { return .newsletter }
            if !groups, chat.hasSuffix("@g.us") { return .group }
        }
        return !ownMessages && isOwn() ? .ownMessage : nil
    }
}

/// Why an event was not delivered although nothing failed.
package enum FilterReason: String, Sendable, CaseIterable {
    case kind
    case group
    case statusBroadcast = "status_broadcast"
    case newsletter
    case ownMessage = "own_message"
}
