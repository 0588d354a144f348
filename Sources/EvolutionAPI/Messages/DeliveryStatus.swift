/// How far a message got, in the order of ``rank``.
package enum DeliveryStatus: Sendable, Hashable {
    case failed
    case pending
    case sent
    case delivered
    case read
    case played
    /// No deletion: releases 2.3.0 to 2.3.5 say so of a message that was edited, or of a vote. A deletion is an event
    /// of its own.
    case reportedDeleted
    case other(String)

    /// Reads Evolution's words, and those of the Cloud API.
    init(_ word: String) {
        switch word.uppercased() {
        case "ERROR", "FAILED": self = .failed
        case "PENDING": self = .pending
        case "SERVER_ACK", "SENT": self = .sent
        case "DELIVERY_ACK", "DELIVERED": self = .delivered
        case "READ": self = .read
        case "PLAYED": self = .played
        case "DELETED": self = .reportedDeleted
        default: self = .other(word)
        }
    }

    /// For "never go back": a message that was read does not become delivered again, in whatever order the receipts
    /// come. Nil for what is no step on that way.
    package var rank: Int? {
        switch self {
        case .pending: 0
        case .sent: 1
        case .delivered: 2
        case .read: 3
        case .played: 4
        case .failed, .reportedDeleted, .other: nil
        }
    }
}
