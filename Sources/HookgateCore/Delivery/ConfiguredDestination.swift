import FoundationEssentials

/// The destination that the configuration of the process names: the operator's own, and everybody's who has no other.
package struct ConfiguredDestination: Sendable, Equatable {
    package let destination: Destination
    /// Nil where deliveries are not signed.
    package let secrets: SigningSecrets?

    /// Why a text is no address to deliver to. Holds nothing of it.
    package enum Flaw: Error, Sendable, Equatable, CustomStringConvertible {
        case webAddress(DeliveryURLFlaw)
        case noStreamName
        case notANumber(parameter: String)

        package var description: String {
            switch self {
            case .webAddress(.notHTTP):
                "it is none of https://…, redis://…?stream=NAME and stdout:"
            case .webAddress(let flaw): flaw.description
            case .noStreamName: "a Redis address needs the streams' name: redis://host?stream=events"
            case .notANumber(let parameter): "\(parameter) is no whole number from 1 on"
            }
        }
    }

    /// Reads `https://…`, `redis://host?stream=events&shards=16&length=100000` (or `rediss://`, `redis+unix://`), or
    /// `stdout:`.
    package init(
        _ address: String, format: Destination.Format, media: Destination.Media, secrets: SigningSecrets?
    ) throws(Flaw) {
        let kind = try Self.kind(address)
        // Who reads a stream or a pipe is inside already; nobody signs to them.
        let isSigned = if case .webhook = kind { secrets != nil } else { false }
        self.destination = Destination(
            id: .default, kind: kind, format: format, media: media, trust: .operator,
            secretsReference: isSigned ? DestinationScope.default.text : nil)
        self.secrets = secrets
    }

    private static func kind(_ address: String) throws(Flaw) -> Destination.Kind {
        if address == "stdout:" { return .standardOutput }
        guard !address.hasPrefix("redis") else { return .redisStream(try stream(address)) }
        do throws(DeliveryURLFlaw) {
            _ = try DeliveryURL(address)
        } catch {
            throw .webAddress(error)
        }
        return .webhook(url: address)
    }

    /// Our own parameters go; the others are the Redis client's.
    private static func stream(_ address: String) throws(Flaw) -> RedisStreamTarget {
        let halves = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var own: [Substring: Substring] = [:]
        var others: [Substring] = []
        for pair in halves.dropFirst().first?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, ["stream", "shards", "length"].contains(parts[0]) {
                own[parts[0]] = parts[1]
            } else {
                others.append(pair)
            }
        }
        guard let name = own["stream"], !name.isEmpty else { throw .noStreamName }
        let rest = others.isEmpty ? "" : "?" + others.joined(separator: "&")
        return RedisStreamTarget(
            address: halves[0] + rest, prefix: String(name),
            shards: try number(own["shards"], "shards") ?? 16,
            maximumLength: try number(own["length"], "length") ?? 100_000)
    }

    private static func number(_ text: Substring?, _ name: String) throws(Flaw) -> Int? {
        guard let text else { return nil }
        guard let number = Int(text), number > 0 else { throw .notANumber(parameter: name) }
        return number
    }
}
