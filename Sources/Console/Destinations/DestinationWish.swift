import HookgateCore

/// What somebody wants of a destination; what is nil stays as it is. The same for page and API.
struct DestinationWish: Sendable {
    static let timeouts = 1...20_000
    static let widths = 1...1_024
    static let shardCounts = 1...4_096
    static let lengths = 1...1_000_000_000
    /// Kinds that are named one by one.
    private static let mostKinds = 200
    private static let longestWord = 200

    var url: String?
    var redisStream: String?
    var shards: Int?
    var length: Int?
    var format: Destination.Format?
    var media: Destination.Media?
    /// `messages.upsert, call`, or `all`.
    var kinds: String?
    /// The same, or `none`.
    var withoutKinds: String?
    var groups: Bool?
    var statusBroadcasts: Bool?
    var newsletters: Bool?
    var ownMessages: Bool?
    var timeoutMilliseconds: Int?
    var width: Int?
    /// What a new secret is.
    var secret = SigningSecret.Kind.shared

    /// - Parameter namesStreams: whether streams of the operator's own Redis may be named.
    func apply(
        to record: inout DestinationRecord, _ parts: DestinationParts, namesStreams: Bool
    ) throws(ConsoleError) {
        if record.scope == .default, parts.configured != nil {
            // These are never read from the row, so nobody is to believe that they hold.
            guard url == nil, redisStream == nil, format == nil, media == nil else {
                throw .unprocessable(
                    "HOOKGATE_DELIVER_URL says where the default's events go, and in which form. Change it there.")
            }
        }
        try setAddress(&record, parts, namesStreams: namesStreams)
        if let format { record.format = format }
        if let media { record.media = media }
        try setSelection(&record.selection)
        if let timeoutMilliseconds {
            record.timeout = .milliseconds(try Self.checked(timeoutMilliseconds, "timeout_ms", Self.timeouts))
        }
        if let width { record.width = try Self.checked(width, "width", Self.widths) }
        if case .webhook = record.kind, record.secrets == nil {
            do throws(SigningSecretFlaw) {
                record.secrets = try SigningSecrets([SigningSecret(minting: secret)])
            } catch {
                throw .unprocessable("A secret could not be made.")
            }
        }
    }

    private func setAddress(
        _ record: inout DestinationRecord, _ parts: DestinationParts, namesStreams: Bool
    ) throws(ConsoleError) {
        guard url == nil || redisStream == nil else { throw .badRequest("Give url or redis_stream, not both.") }
        if let url { record.kind = .webhook(url: try Self.address(url, parts)) }
        if let redisStream {
            // A name is all that keeps one stream from another, and from what else is in that Redis.
            guard namesStreams else {
                throw .unprocessable("Streams are named with a key that sees all organizations.")
            }
            record.kind = .redisStream(try stream(redisStream))
        }
        guard redisStream != nil || shards == nil && length == nil else {
            throw .badRequest("shards and length belong to redis_stream.")
        }
        guard record.kind != nil || record.scope == .default else {
            throw .unprocessable("A new destination needs an address: url, or redis_stream.")
        }
    }

    /// Numbers are judged at once; what a name means is looked at before each connection.
    private static func address(_ text: String, _ parts: DestinationParts) throws(ConsoleError) -> String {
        let url: DeliveryURL
        do throws(DeliveryURLFlaw) {
            url = try DeliveryURL(text)
        } catch {
            throw .unprocessable("url is no address to deliver to: \(error).")
        }
        guard parts.allowsPrivate || !url.isPrivate else {
            throw .unprocessable(
                "url names a private address. If that is meant, set HOOKGATE_DELIVER_PRIVATE_NETWORKS=allow.")
        }
        return text
    }

    private func stream(_ name: String) throws(ConsoleError) -> RedisStreamTarget {
        guard Self.isWord(name) else { throw .badRequest("redis_stream is no plain word.") }
        return RedisStreamTarget(
            address: "", prefix: name, shards: try Self.checked(shards ?? 16, "shards", Self.shardCounts),
            maximumLength: try Self.checked(length ?? 100_000, "length", Self.lengths))
    }

    private func setSelection(_ selection: inout EventSelection) throws(ConsoleError) {
        if let kinds { selection.kinds = kinds == "all" ? nil : try Self.words(kinds, "kinds") }
        if let withoutKinds {
            selection.excludedKinds = withoutKinds == "none" ? [] : try Self.words(withoutKinds, "without_kinds")
        }
        if let groups { selection.groups = groups }
        if let statusBroadcasts { selection.statusBroadcasts = statusBroadcasts }
        if let newsletters { selection.newsletters = newsletters }
        if let ownMessages { selection.ownMessages = ownMessages }
    }

    private static func words(_ text: String, _ name: String) throws(ConsoleError) -> Set<String> {
        let words = text.split(whereSeparator: { $0 == "," || $0 == " " }).map { String($0) }
        guard (1...Self.mostKinds).contains(words.count), words.allSatisfy({ Self.isWord($0) }) else {
            throw .badRequest("\(name) has from 1 to \(Self.mostKinds) kinds, as messages.upsert.")
        }
        return Set(words.map { EventName.normalised($0) })
    }

    private static func isWord(_ text: String) -> Bool {
        (1...Self.longestWord).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func checked(
        _ number: Int, _ name: String, _ range: ClosedRange<Int>
    ) throws(ConsoleError) -> Int {
        guard range.contains(number) else {
            throw .badRequest("\(name) is a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
