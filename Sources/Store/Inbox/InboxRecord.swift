import Crypto
import FoundationEssentials
import HookgateCore

/// One event as its row in the inbox will be: decided, without secrets, in texts that PostgreSQL takes.
struct InboxRecord: Sendable {
    /// Longer than any real id or name, shorter than what an index entry may hold.
    private static let longestText = 1_024
    /// A body from this size on goes to the database in parts: as a parameter it would be in memory four times.
    private static let longBodyBytes = 1 << 20

    let event: AcceptedEvent
    let sequence: UInt64
    let position: SpoolPosition
    let body: StrippedBody
    let bodyDigest: [UInt8]
    /// Of the body as it came: what is stripped of it differs between two copies.
    let keys: DedupeKeys
    /// Of the token whose URL it was sent to, by its sender's word.
    let tokenDigest: [UInt8]?
    /// True once the database refused the row for its texts: they are left out, and the body keeps them.
    private(set) var isBare = false

    /// - Parameter event: no longer undecided.
    init(_ event: AcceptedEvent, of entry: SpoolBatch.Entry) {
        self.event = event
        self.sequence = entry.sequence
        self.position = entry.position
        let body = StrippedBody(event.body)
        var digest = SHA256()
        _ = body.forEachPart { part in
            digest.update(bufferPointer: part)
            return true
        }
        self.body = body
        self.bodyDigest = Array(digest.finalize())
        self.keys = DedupeKeys(event)
        self.tokenDigest = event.route == .token ? body.tokenDigest?.bytes : nil
    }

    var bare: InboxRecord {
        var record = self
        record.isBare = true
        return record
    }

    var hasLongBody: Bool { body.byteCount >= Self.longBodyBytes }

    var reference: EventReference { EventReference(id: event.id.uuid, receivedAt: event.receivedAt) }

    var state: EventState {
        switch event.disposition {
        case .pending: .pending
        case .quarantined, .undecided: .quarantined
        case .probe: .probe
        }
    }

    var quarantineReason: String? {
        switch event.disposition {
        case .quarantined(let reason): reason.rawValue
        case .undecided: QuarantineReason.undecided.rawValue
        case .pending, .probe: nil
        }
    }

    var instanceName: String? { text(event.instanceName?.text) }
    var kind: String? { text(event.facts.event) }
    var eventSuffix: String? { text(event.eventSuffix) }
    var messageID: String? { text(event.facts.messageID) }
    var chat: String? { text(event.facts.chat) }

    /// PostgreSQL's text cannot hold U+0000, which JSON can; the body keeps what is replaced or cut here.
    private func text(_ text: String?) -> String? {
        guard let text, !isBare else { return nil }
        let clean = text.utf8.contains(0) ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
        guard clean.utf8.count > Self.longestText else { return clean }
        var end = clean.utf8.index(clean.startIndex, offsetBy: Self.longestText)
        while end.samePosition(in: clean.unicodeScalars) == nil { end = clean.utf8.index(before: end) }
        return String(clean[..<end])
    }
}
