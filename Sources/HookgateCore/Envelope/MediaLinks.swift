import Crypto
package import FoundationEssentials

/// Addresses at which a file of an event can be fetched for a while, by whoever has one.
///
///     {public URL}/api/v1/events/{id}/media?part=0&expires=1761004800&signature=Qf3…
///
/// The signature is HMAC-SHA256 over `media:v1:<id>:<part>:<expires>` with a key that every replica has, so a link
/// says nothing of the clinic and opens nothing else.
package struct MediaLinks: Sendable {
    /// Longer than the last attempt of a delivery is away, and no longer than the file is kept.
    package static let lifetime: TimeInterval = 2 * 86_400
    /// Links of one event are alike for so long, so that an envelope is.
    private static let step: TimeInterval = 86_400

    private let base: PublicURL
    private let key: MediaKey

    package init(base: PublicURL, key: MediaKey) {
        self.base = base
        self.key = key
    }

    /// The address of the file of that number in the event's body.
    package func url(of event: EventID, part: Int, at now: Date) -> String {
        let day = (now.timeIntervalSince1970 / Self.step).rounded(.up) * Self.step
        let expires = Int64(day + Self.lifetime)
        let signature = key.signature(event, part: part, expires: expires)
        return "\(base.text)/api/v1/events/\(event.text)/media?part=\(part)&expires=\(expires)&signature=\(signature)"
    }
}

/// The key that signs ``MediaLinks``. Never printed.
package struct MediaKey: Sendable {
    private let key: SymmetricKey

    /// Nil when there are fewer than 16 bytes: such a key could be guessed.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 16 else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    fileprivate func signature(_ event: EventID, part: Int, expires: Int64) -> String {
        Base64URL.encode(Self.code(event, part: part, expires: expires, key: key))
    }

    fileprivate func signs(_ link: MediaLinkRequest) -> Bool {
        let code = Self.code(link.event, part: link.part, expires: link.expires, key: key)
        // Both sides hashed: comparing them tells nothing of how far a guess is right.
        return SHA256.hash(data: Array(Base64URL.encode(code).utf8)) == SHA256.hash(data: Array(link.signature.utf8))
    }

    private static func code(
        _ event: EventID, part: Int, expires: Int64, key: SymmetricKey
    ) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array("media:v1:\(event.text):\(part):\(expires)".utf8), using: key)
    }
}

/// A link as it came back, read and not yet believed.
package struct MediaLinkRequest: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case valid
        case expired
        case invalid
    }

    package let event: EventID
    package let part: Int
    let expires: Int64
    let signature: String

    /// Reads a request's target. Nil when it is no such address.
    package init?(requestTarget: String) {
        guard requestTarget.utf8.count <= 512 else { return nil }
        let halves = requestTarget.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = halves[0].split(separator: "/")
        guard segments.count == 5, segments[0] == "api", segments[1] == "v1", segments[2] == "events",
            let event = EventID(String(segments[3])), segments[4] == "media"
        else { return nil }
        var values: [Substring: Substring] = [:]
        for pair in halves.dropFirst().first?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        self.event = event
        self.part = values["part"].flatMap { Int($0) } ?? -1
        self.expires = values["expires"].flatMap { Int64($0) } ?? 0
        self.signature = values["signature"].map(String.init) ?? ""
    }

    package func verdict(at now: Date, keys: [MediaKey]) -> Verdict {
        guard part >= 0, keys.contains(where: { $0.signs(self) }) else { return .invalid }
        return Double(expires) > now.timeIntervalSince1970 ? .valid : .expired
    }
}
