/// What the path of a webhook request says: by which route, for whom, and for which event.
///
/// - `/webhooks/evolution/whatsapp/{token}[/{event}]` is the token route.
/// - `/webhooks/evolution/{instance_name}[/{event}]` is the legacy route.
/// - `/webhooks/whatsapp[/{event}]` and `/webhooks/evolution` are older still: there the body alone says for whom.
///
/// Evolution appends `/{event}` in by-events mode, and doubles a slash when the configured URL ends with one.
/// An instance may be called `whatsapp` or `test`: `/webhooks/evolution/whatsapp/messages-upsert` is its
/// by-events URL, since no token reads like an event's name.
package struct WebhookAddress: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        case token(TokenText)
        case instance(InstanceName)
        /// Nobody: the body may name its instance, and nothing proves it.
        case body
    }

    /// The token segment as it came: it may turn out to be no token at all (``WebhookToken`` decides). It is as
    /// secret as a token until then.
    package struct TokenText: Sendable, Equatable {
        /// A part of the request's target: a copy of its own for each request would be thrown away a moment later.
        private let part: Substring

        package var text: String { String(part) }
        /// What it is looked up with; nil when it is no token.
        package var digest: TokenDigest? { WebhookToken.digest(of: part) }

        fileprivate init(_ part: Substring) {
            self.part = part
        }
    }

    package let target: Target
    /// The event's name as Evolution spells it in URLs (`messages-upsert`), in lower case, when it was there.
    package let eventSuffix: String?

    package var route: Route {
        switch target {
        case .token: .token
        case .instance, .body: .instance
        }
    }

    /// Reads the path of a request target; a query string is ignored. Nil when this is no webhook path.
    package init?(requestTarget: String) {
        if let token = Self.plainToken(requestTarget) {
            self.init(.token(TokenText(token)), suffix: nil)
            return
        }
        let segments = Self.segments(Array(requestTarget.utf8))
        guard segments.count >= 2, segments.count <= Self.mostSegments, segments[0] == Self.root[0] else { return nil }
        guard segments.count >= 3, segments[1] == Self.root[1] else {
            self.init(bodyRouted: segments)
            return
        }
        let names = segments.dropFirst(2).compactMap { Self.name($0) }
        guard names.count == segments.count - 2 else { return nil }
        switch (names.count, names[0] == "whatsapp") {
        case (1, _):
            self.init(.instance(InstanceName(names[0])), suffix: nil)
        case (2, true):
            if let suffix = EventSuffix.known(names[1]) {
                self.init(.instance(InstanceName(names[0])), suffix: suffix)
            } else {
                self.init(.token(TokenText(names[1][...])), suffix: nil)
            }
        case (2, false):
            guard let suffix = EventSuffix.plausible(names[1]) else { return nil }
            self.init(.instance(InstanceName(names[0])), suffix: suffix)
        case (3, true):
            guard let suffix = EventSuffix.plausible(names[2]) else { return nil }
            self.init(.token(TokenText(names[1][...])), suffix: suffix)
        default:
            return nil
        }
    }

    /// One of the oldest URLs.
    private init?(bodyRouted segments: [ArraySlice<UInt8>]) {
        switch (segments.count, segments[1] == Self.oldest) {
        case (2, true),
            (2, false) where segments[1] == Self.root[1]:
            self.init(.body, suffix: nil)
        case (3, true):
            guard let suffix = Self.name(segments[2]).flatMap(EventSuffix.known) else { return nil }
            self.init(.body, suffix: suffix)
        default:
            return nil
        }
    }

    /// The same request as one of a webhook for all instances at once, where its URL may be read as that. Evolution
    /// appends the event's name to such a URL as well, and it then stands where an instance's name would.
    package var asGlobalWebhook: WebhookAddress? {
        guard case .instance(let name) = target else { return nil }
        if name.text == "whatsapp" { return WebhookAddress(.body, suffix: eventSuffix) }
        guard eventSuffix == nil, let suffix = EventSuffix.known(name.text) else { return nil }
        return WebhookAddress(.body, suffix: suffix)
    }

    private static let tokenRoot = Array("/webhooks/evolution/whatsapp/hgw_".utf8)

    /// The token of the target that nearly all requests have: one of our form, and nothing behind it. The general
    /// way reads it as the same, and costs four allocations more.
    private static func plainToken(_ target: String) -> Substring? {
        var target = target
        let isPlain = target.withUTF8 { bytes in
            bytes.count == tokenRoot.count - WebhookToken.prefix.utf8.count + WebhookToken.length
                && bytes.starts(with: tokenRoot) && bytes.dropFirst(tokenRoot.count).allSatisfy(Base64URL.isMember)
        }
        return isPlain ? target.suffix(from: target.utf8.index(target.endIndex, offsetBy: -WebhookToken.length)) : nil
    }

    private static let root: [ArraySlice<UInt8>] = [ArraySlice("webhooks".utf8), ArraySlice("evolution".utf8)]
    private static let oldest = ArraySlice("whatsapp".utf8)
    private static let mostSegments = 5

    /// The path's segments, without empty ones; at most one more than a webhook's path has. Over an array, because
    /// every request comes through here and a string's bytes cost several times as much to walk.
    private static func segments(_ target: [UInt8]) -> [ArraySlice<UInt8>] {
        var segments: [ArraySlice<UInt8>] = []
        segments.reserveCapacity(mostSegments + 1)
        var start = 0
        for (index, byte) in target.enumerated() {
            let isEnd = byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
            guard isEnd || byte == UInt8(ascii: "/") else { continue }
            if start < index { segments.append(target[start..<index]) }
            if isEnd || segments.count > mostSegments { return segments }
            start = index + 1
        }
        if start < target.count { segments.append(target[start...]) }
        return segments
    }

    /// A segment decoded. Nil when its escapes are broken, when it holds a zero byte, which PostgreSQL cannot look
    /// up, or when it is longer than any name or token.
    private static func name(_ segment: ArraySlice<UInt8>) -> String? {
        guard let name = PercentEncoding.decode(segment), name.utf8.count <= BodyScanner.longestInstance,
            !segment.contains(0), name.utf8.count == segment.count || !name.utf8.contains(0)
        else { return nil }
        return name
    }

    private init(_ target: Target, suffix: String?) {
        self.target = target
        self.eventSuffix = suffix
    }
}

extension WebhookAddress.TokenText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { WebhookToken(text)?.masked ?? "(not a token)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// The last segment that Evolution's by-events mode appends to a webhook URL.
package enum EventSuffix {
    private static let names: Set<String> = [
        "application-startup", "call", "chama-ai-action", "chats-delete", "chats-set", "chats-update", "chats-upsert",
        "connection-update", "contacts-set", "contacts-update", "contacts-upsert", "creds-update", "error",
        "group-participants-update", "group-update", "groups-update", "groups-upsert", "instance-create",
        "instance-delete", "labels-association", "labels-edit", "logout-instance", "messages-delete",
        "messages-edited", "messages-set", "messages-update", "messages-upsert", "messaging-history-set", "new-jwt",
        "new-jwt-token", "presence-update", "qrcode-updated", "remove-instance", "send-message",
        "send-message-update", "status-instance", "typebot-change-status", "typebot-start",
    ]

    private static let longestName = names.map(\.utf8.count).max() ?? 0

    /// The suffix in Evolution's spelling, when it is one that some release sends. Dots, underscores and
    /// upper case are forgiven: proxies and forks spell it all three ways.
    package static func known(_ segment: String) -> String? {
        guard segment.utf8.count <= longestName, let suffix = plausible(segment), names.contains(suffix) else {
            return nil
        }
        return suffix
    }

    /// The suffix in Evolution's spelling, when it could be the name of an event, known to us or not. A token that
    /// lost its way is none: a suffix is stored and shown.
    package static func plausible(_ segment: String) -> String? {
        guard (1...64).contains(segment.utf8.count), !segment.lowercased().hasPrefix(WebhookToken.prefix) else {
            return nil
        }
        var bytes: [UInt8] = []
        for byte in segment.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                bytes.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                bytes.append(byte | 0x20)
            case UInt8(ascii: "."), UInt8(ascii: "_"):
                bytes.append(UInt8(ascii: "-"))
            default:
                return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
