/// Where events are delivered to, and how.
package struct Destination: Sendable, Equatable, Identifiable {
    /// What stands at the other end.
    package enum Kind: Sendable, Equatable {
        case webhook(url: String)
        case redisStream(RedisStreamTarget)
        case standardOutput
    }

    /// What a delivery's body looks like.
    package enum Format: String, Sendable, CaseIterable {
        /// The webhook's body without its secrets, to the original path.
        case evolution
        /// Our own documented JSON.
        case envelope
    }

    /// How media in base64 travel.
    package enum Media: String, Sendable, CaseIterable {
        case inline
        /// Split out, and fetched by an authenticated URL.
        case reference
    }

    /// Who named the address.
    package enum Trust: String, Sendable, CaseIterable {
        /// The operator, in the configuration of the process: any address may be meant.
        case `operator`
        /// Somebody through the API or the console: private and link-local addresses are refused.
        case configured
    }

    package static let defaultTimeout = Duration.seconds(15)
    /// Shorter than a lease, so that no attempt outlives the right to make it.
    package static let longestTimeout = Duration.seconds(20)
    /// How many events may be on their way to one destination from one replica at the same time.
    package static let defaultWidth = 32

    package let id: DestinationID
    package var kind: Kind
    package var format: Format
    package var media: Media
    package var selection: EventSelection
    /// For one attempt, from the first byte to the end of the answer. At most ``longestTimeout``.
    package var timeout: Duration
    package var width: Int
    /// Events wait, and none is lost.
    package var isPaused: Bool
    package var trust: Trust
    /// Under which name its signing secrets are kept; nil when it is not signed to.
    package var secretsReference: String?

    package init(
        id: DestinationID, kind: Kind, format: Format = .evolution, media: Media = .inline,
        selection: EventSelection = .sensible, timeout: Duration = defaultTimeout, width: Int = defaultWidth,
        isPaused: Bool = false, trust: Trust = .operator, secretsReference: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.format = format
        self.media = media
        self.selection = selection
        self.timeout = min(max(timeout, .milliseconds(1)), Self.longestTimeout)
        self.width = max(1, width)
        self.isPaused = isPaused
        self.trust = trust
        self.secretsReference = secretsReference
    }
}

/// Streams of one Redis that workers read: `PREFIX:SHARD`, each bounded.
package struct RedisStreamTarget: Sendable, Equatable {
    /// As `REDIS_URL` is written.
    package let address: String
    package let prefix: String
    package let shards: Int
    package let maximumLength: Int

    package init(address: String, prefix: String, shards: Int, maximumLength: Int) {
        self.address = address
        self.prefix = prefix
        self.shards = max(1, shards)
        self.maximumLength = max(1, maximumLength)
    }
}

/// Names a destination: `default` for the one of the configuration, else its row.
package struct DestinationID: Sendable, Hashable, CustomStringConvertible {
    package static let `default` = DestinationID("default")

    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }
}
