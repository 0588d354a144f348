import Crypto
import FoundationEssentials

/// By what the inbox knows an event again: two digests, in which nothing of the body can be read.
///
/// A key is given only where two events that share it are one event. Evolution stamps its bodies with a time in
/// milliseconds, so equal bytes are a retry; a body without that stamp (some imitators send none) says the same for
/// every `connection.update` to "open", and gets no key unless it is about a message and cannot be about it twice.
package struct DedupeKeys: Sendable, Equatable {
    /// Of the body, byte for byte as it came: the sender's retries repeat it.
    package let retry: [UInt8]?
    /// Of what the event says of a message, without the members in which two copies differ.
    package let copy: [UInt8]?

    private static let none = DedupeKeys(retry: nil, copy: nil)

    private init(retry: [UInt8]?, copy: [UInt8]?) {
        self.retry = retry
        self.copy = copy
    }

    /// The keys of an event whose body is whole; none for a probe.
    package init(_ event: AcceptedEvent) {
        guard let scope = Scope(event) else {
            self = .none
            return
        }
        let message = event.facts.messageID.flatMap { MessageOccurrence(event.facts.event, of: $0) }
        let body = event.body.withUnsafeBufferPointer { OccurrenceVisitor.read($0, message) }
        guard let body, body.hasTime || body.isOnceOnly else {
            self = .none
            return
        }
        self.retry = Self.digest(["retry", scope.text], event.body)
        self.copy = message.flatMap { message in
            scope.isIntegration ? Self.digest(["copy", scope.text, message.name, message.id], body.digest) : nil
        }
    }

    /// Each text is followed by a byte that none of them has, so that no two lists of texts read alike.
    private static func digest(_ texts: [String], _ rest: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        for text in texts {
            hash.update(data: Array(text.utf8))
            hash.update(data: [0xFF])
        }
        hash.update(data: rest)
        return Array(hash.finalize())
    }
}

/// Among which events a key is one's own.
///
/// Two integrations are sent the same message when both their numbers are in the group, and each must get it. An
/// event that may be delivered and one that is held are apart as well: the first is never dropped for the second.
private struct Scope {
    let text: String
    /// Else the name of an instance, which two Evolution servers may both have: good for equal bytes and no more.
    let isIntegration: Bool

    init?(_ event: AcceptedEvent) {
        let standing: String
        switch event.disposition {
        case .probe: return nil
        case .pending: standing = "pending"
        case .quarantined, .undecided: standing = "held"
        }
        if let integration = event.integrationID {
            self.text = "\(standing) integration \(integration.text)"
            self.isIntegration = true
        } else if let name = event.instanceName {
            self.text = "\(standing) instance \(name.text)"
            self.isIntegration = false
        } else {
            return nil
        }
    }
}
