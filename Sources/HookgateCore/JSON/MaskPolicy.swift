/// Which members of a body are known to hold nobody's words, and what their values must look like to be shown.
enum MaskPolicy {
    /// What becomes of a string or a number.
    enum Treatment {
        /// Shown when it is an identifier: letters, digits and `._:-`, at most 128 of them.
        case identifier
        /// Shown when it is one of the status words: a contact's `status` is what that person wrote about themselves.
        case status
        /// Shown when it reads like a MIME type.
        case mediaType
        /// Shown whole: the name of an instance, which the operator gave.
        case name
        /// Kind and last four digits are shown.
        case address
        /// An address when it reads like one, else an identifier.
        case addressOrIdentifier
        /// A number of any size: an instant or a length.
        case quantity
        case masked
    }

    /// Where in the body a member stands.
    enum Area {
        case envelope
        /// Inside a message's content, where every other word is a person's.
        case content
    }

    /// Members whose value is content all the way down.
    static func opensContent(_ key: String) -> Bool {
        content.contains(key)
    }

    static func treatment(of key: String, in area: Area) -> Treatment {
        switch area {
        case .envelope: envelopeMembers[key] ?? contentMembers[key] ?? .masked
        case .content: contentMembers[key] ?? .masked
        }
    }

    /// Whether a key may be shown: some objects have JIDs or free text as keys.
    static func showsKey(_ key: some Collection<UInt8>) -> Bool {
        guard let first = key.first, key.count <= 48 else { return false }
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        if isDigit(first) { return key.count <= 6 && key.allSatisfy(isDigit) }
        return key.allSatisfy { isDigit($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == UInt8(ascii: "_") }
    }

    static let statusWords: Set<String> = [
        "ERROR", "PENDING", "SERVER_ACK", "DELIVERY_ACK", "READ", "PLAYED", "DELETED", "created", "closed", "open",
        "connecting", "close", "refused", "offer", "ringing", "timeout", "reject", "accept", "terminate", "opened",
        "paused",
    ]

    private static let content: Set<String> = [
        "message", "editedMessage", "quotedMessage", "contextInfo", "pollUpdates", "variables", "prefilledVariables",
        "answer",
    ]

    private static let contentMembers: [String: Treatment] = [
        "id": .addressOrIdentifier, "stanzaId": .identifier, "mimetype": .mediaType,
        "remoteJid": .address, "remoteJidAlt": .address, "participant": .address, "participantAlt": .address,
        "fileLength": .quantity, "seconds": .quantity, "height": .quantity, "width": .quantity, "low": .quantity,
        "high": .quantity, "pageCount": .quantity,
    ]

    private static let envelopeMembers: [String: Treatment] = [
        "event": .identifier, "date_time": .identifier, "instanceId": .identifier, "keyId": .identifier,
        "messageId": .identifier, "messageType": .identifier, "source": .identifier, "state": .identifier,
        "status": .status, "type": .identifier, "action": .identifier, "addressingMode": .identifier,
        "lastKnownPresence": .identifier, "disconnectionAt": .identifier, "date": .identifier, "labelId": .identifier,
        "instance": .name, "instanceName": .name,
        "sender": .address, "chatId": .address, "from": .address, "groupJid": .address, "wuid": .address,
        "owner": .address, "author": .address, "participantPn": .address, "participantLid": .address,
        "participants": .address, "data": .address, "senderPn": .address, "senderLid": .address,
        "previousRemoteJid": .address, "remoteLid": .address, "jid": .address, "phoneNumber": .address,
        "ownerJid": .address, "ownerPn": .address, "subjectOwner": .address,
        "messageTimestamp": .quantity, "timestamp": .quantity, "timestampMs": .quantity, "datetime": .quantity,
        "lastMsgTimestamp": .quantity, "creation": .quantity, "subjectTime": .quantity, "lastSeen": .quantity,
        "statusReason": .quantity, "statusCode": .quantity, "disconnectionReasonCode": .quantity,
        "unreadMessages": .quantity, "count": .quantity, "size": .quantity, "progress": .quantity,
        "messageCount": .quantity, "chatCount": .quantity, "contactCount": .quantity, "color": .quantity,
    ]
}
