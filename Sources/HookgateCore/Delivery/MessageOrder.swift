package import FoundationEssentials

/// Which events are of a message that must go before them: an edit or deletion means nothing to a backend that does
/// not know the message.
package enum MessageOrder {
    /// In ``EventName``'s one spelling. Acknowledgements (`messages.update`) are none of these: they come in numbers,
    /// also for messages that no webhook was ever sent of.
    package static let dependents: Set<String> = ["messages.edited", "send.message.update", "messages.delete"]
    package static let messages: Set<String> = ["messages.upsert", "send.message"]
    /// How long one lets others pass; then it goes without its message, and says so.
    package static let longestWait: TimeInterval = 300

    package static func isDependent(_ event: DeliveryEvent) -> Bool {
        event.messageID != nil && event.kind.map { dependents.contains(EventName.normalised($0)) } == true
    }

    package static func isMessage(_ event: DeliveryEvent) -> Bool {
        event.kind.map { messages.contains(EventName.normalised($0)) } == true
    }

    package enum Turn: Sendable, Equatable {
        case now
        case nowAsOrphan
        case later(Date)
    }

    /// Whether an event at the head of its lane may go.
    package static func turn(of queued: QueuedEvent, at now: Date) -> Turn {
        guard isDependent(queued.event), !queued.followsItsMessage else { return .now }
        guard let until = queued.waitsUntil else { return .later(now.addingTimeInterval(longestWait)) }
        return until <= now ? .nowAsOrphan : .later(until)
    }
}
