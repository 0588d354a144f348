/// What one release of Evolution API does differently from the others.
package struct ServerProfile: Sendable, Equatable {
    /// The releases that differ from each other in something that matters.
    package static let releases = ["1.7.5", "1.8.6", "2.1.0", "2.2.3", "2.3.7", "2.4.0"]

    enum Dialect: Sendable {
        case flatSnake
        case flatCamel
        case nested
    }

    package let version: String
    private let number: [Int]

    /// Takes any release of 1.x or 2.x. Nil for a text that is not three numbers with dots between them.
    package init?(_ version: String) {
        let number = version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard number.count == 3, case let parts = number.compactMap({ $0 }), parts.count == 3,
            [1, 2].contains(parts[0])
        else { return nil }
        self.version = version
        self.number = parts
    }

    private func isAtLeast(_ major: Int, _ minor: Int, _ patch: Int) -> Bool {
        !number.lexicographicallyPrecedes([major, minor, patch])
    }

    var isFirst: Bool { number[0] == 1 }

    var dialect: Dialect {
        if isFirst { return .flatSnake }
        return isAtLeast(2, 1, 1) ? .nested : .flatCamel
    }

    /// A set is answered before it is written.
    var writesLate: Bool { dialect != .nested }

    var checksURLWhenSet: Bool { !isAtLeast(2, 3, 0) }

    var sendsHeaders: Bool { isAtLeast(2, 1, 2) }

    var signsWithJWT: Bool { isAtLeast(2, 3, 0) }

    var sendsInstanceHeaders: Bool { isAtLeast(2, 4, 0) }

    var hasLicence: Bool { isAtLeast(2, 4, 0) }

    var restartMethod: String { isFirst ? "PUT" : "POST" }

    /// Since then, closes that the server mends by itself are not told.
    var hidesPassingCloses: Bool { isFirst ? isAtLeast(1, 8, 4) : true }

    var logsOutOnDelete: Bool { isAtLeast(1, 8, 4) }

    var logsOutTwice: Bool { isAtLeast(2, 4, 0) }

    /// Events that the server waits for before it handles the instance's next one.
    var awaitedEvents: Set<String> {
        isAtLeast(2, 3, 1) ? ["messages.edited", "logout.instance", "remove.instance"] : []
    }

    var userAgent: String {
        if isAtLeast(2, 4, 0) { return "EvolutionAPI-Webhook/2.3.7" }
        if isAtLeast(2, 3, 7) { return "axios/1.13.2" }
        if isAtLeast(2, 3, 6) { return "axios/1.12.2" }
        return isFirst ? "axios/1.6.5" : "axios/1.7.9"
    }

    /// Nil: it waits for ever.
    var requestTimeout: Duration? { isAtLeast(2, 3, 0) ? .seconds(60) : nil }

    var retries: RetryPolicy {
        if isAtLeast(2, 3, 0) { return .growing }
        if isFirst ? isAtLeast(1, 8, 4) : isAtLeast(2, 2, 1) { return .steady }
        return .once
    }

    /// What `events` may hold, in the order in which an empty list is filled.
    package var eventNames: [String] {
        let beforeEdits = ["APPLICATION_STARTUP", "QRCODE_UPDATED", "MESSAGES_SET", "MESSAGES_UPSERT"]
        let messages = ["MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE"]
        let chats = [
            "CONTACTS_SET", "CONTACTS_UPSERT", "CONTACTS_UPDATE", "PRESENCE_UPDATE", "CHATS_SET", "CHATS_UPSERT",
            "CHATS_UPDATE", "CHATS_DELETE", "GROUPS_UPSERT", "GROUP_UPDATE", "GROUP_PARTICIPANTS_UPDATE",
            "CONNECTION_UPDATE", "LABELS_EDIT", "LABELS_ASSOCIATION", "CALL",
        ]
        let typebot = ["TYPEBOT_START", "TYPEBOT_CHANGE_STATUS"]
        if isFirst { return beforeEdits + messages + chats + ["NEW_JWT_TOKEN"] + typebot + ["CHAMA_AI_ACTION"] }
        var names = beforeEdits + ["MESSAGES_EDITED"] + messages
        if isAtLeast(2, 3, 0) { names.append("SEND_MESSAGE_UPDATE") }
        names += chats + typebot
        if isAtLeast(2, 1, 1) { names += ["REMOVE_INSTANCE", "LOGOUT_INSTANCE"] }
        if isAtLeast(2, 3, 0) { names += ["INSTANCE_CREATE", "INSTANCE_DELETE", "STATUS_INSTANCE"] }
        if isAtLeast(2, 4, 0) { names.append("MESSAGING_HISTORY_SET") }
        return names
    }
}
