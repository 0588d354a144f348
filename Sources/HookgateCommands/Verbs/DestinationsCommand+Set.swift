import ArgumentParser
import FoundationEssentials
import HookgateCore

extension DestinationsCommand {
    struct Set: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Set a destination, or change what is named here and leave the rest.",
            discussion: """
                A new destination gets a secret that signs what is sent there: hookgate destinations show NAME \
                --reveal. The address must be one of the internet, unless HOOKGATE_DELIVER_PRIVATE_NETWORKS is allow. \
                Without a path, format evolution goes to /webhooks/evolution/INSTANCE; {instance} in a path stands \
                for the instance's name. Where HOOKGATE_DELIVER_URL is set, where the default's events go and in \
                which form is said there; here it is refused, with exit code 3.

                Examples:
                  hookgate destinations set clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 \\
                    --url https://backend.example.org --format envelope --kinds messages.upsert,messages.update
                  hookgate destinations set organization:4c0e9a53-52a9-4c0e-9a53-6a6d2b1c7a10 --redis-stream events
                """
        )

        @OptionGroup var change: Change

        @Option(help: "Where to: https://… or http://….")
        var url: String?

        @Option(
            name: .customLong("redis-stream"),
            help: ArgumentHelp("Into streams NAME:0, NAME:1, … of the Redis of REDIS_URL.", valueName: "name"))
        var redisStream: String?

        @Option(help: "How many streams; all events of a chat are in one.")
        var shards: Int?

        @Option(help: "How many entries each stream keeps, about.")
        var length: Int?

        @Option(help: "evolution (the webhook as it came) or envelope (docs/envelope.schema.json).")
        var format: Destination.Format?

        @Option(help: "inline, or reference: media in base64 are fetched by a signed URL.")
        var media: Destination.Media?

        @Option(help: "Only these kinds, as messages.upsert,messages.update; all: every kind.")
        var kinds: String?

        @Option(name: .customLong("without-kinds"), help: "Not these kinds; none: leave nothing out.")
        var withoutKinds: String?

        @Flag(inversion: .prefixedNo, help: "Events of groups.")
        var groups: Bool?

        @Flag(name: .customLong("status-broadcasts"), inversion: .prefixedNo, help: "What people post as their status.")
        var statusBroadcasts: Bool?

        @Flag(inversion: .prefixedNo, help: "Events of channels.")
        var newsletters: Bool?

        @Flag(name: .customLong("own-messages"), inversion: .prefixedNo, help: "Messages that the clinic itself sent.")
        var ownMessages: Bool?

        @Option(help: "How long an attempt may take: 500ms to 20s.")
        var timeout: String?

        @Option(help: "How many events one gateway sends there at the same time.")
        var width: Int?

        @Option(help: "What a new secret is: shared (v1, HMAC-SHA256) or ed25519 (v1a).")
        var secret: SigningSecret.Kind = .shared

        func perform() async throws -> ExitStatus {
            try await DestinationChangeStep(change, verb: "set", makesNew: true).run { record, configuration in
                try refuseWhatTheConfigurationSays(of: record.scope, configuration)
                try setAddress(&record, allowsPrivate: configuration.allowsPrivateDestinations)
                if let format { record.format = format }
                if let media { record.media = media }
                setSelection(&record.selection)
                if let timeout { record.timeout = try Self.duration(timeout) }
                if let width { record.width = try Self.number(width, "--width", 1...1_024) }
                if case .webhook = record.kind, record.secrets == nil {
                    record.secrets = try SigningSecrets([SigningSecret(minting: secret)])
                }
            }
        }

        /// Of the operator's own destination these are never read from the row, so nobody is to believe that they hold.
        private func refuseWhatTheConfigurationSays(of scope: DestinationScope, _ configuration: Configuration) throws {
            guard scope == .default, configuration.delivery != nil else { return }
            let said: [(flag: String, isGiven: Bool, setting: String)] = [
                ("--url", url != nil, "HOOKGATE_DELIVER_URL"),
                ("--redis-stream", redisStream != nil, "HOOKGATE_DELIVER_URL"),
                ("--format", format != nil, "HOOKGATE_DELIVER_FORMAT"),
                ("--media", media != nil, "HOOKGATE_DELIVER_MEDIA"),
            ]
            guard let first = said.first(where: \.isGiven) else { return }
            throw CommandFailure(
                "HOOKGATE_DELIVER_URL says where the default's events go, so \(first.flag) would have no effect and nothing "
                    + "was changed. Change \(first.setting) and start the gateways anew, or take HOOKGATE_DELIVER_URL out "
                    + "of their configuration and of this command's.", status: .attention)
        }

        private func setAddress(_ record: inout DestinationRecord, allowsPrivate: Bool) throws {
            guard url == nil || redisStream == nil else {
                throw CommandFailure("Give --url or --redis-stream, not both.", status: .wrongUsage)
            }
            if let url { record.kind = .webhook(url: try Self.checked(url, allowsPrivate: allowsPrivate)) }
            if let redisStream { record.kind = .redisStream(try stream(redisStream, like: record)) }
            if redisStream == nil, shards != nil || length != nil {
                throw CommandFailure("--shards and --length belong to --redis-stream NAME.", status: .wrongUsage)
            }
            guard record.kind != nil || record.scope == .default else {
                throw CommandFailure(
                    "A new destination needs an address: --url URL or --redis-stream NAME.", status: .wrongUsage)
            }
        }

        private func stream(_ name: String, like record: DestinationRecord) throws -> RedisStreamTarget {
            let isName = (1...200).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            guard isName else {
                throw CommandFailure("--redis-stream '\(name.printable)' is no plain word.", status: .wrongUsage)
            }
            return RedisStreamTarget(
                address: "", prefix: name, shards: try Self.number(shards ?? 16, "--shards", 1...4_096),
                maximumLength: try Self.number(length ?? 100_000, "--length", 1...1_000_000_000))
        }

        /// Numbers are judged at once; what a name means is looked at before each connection.
        private static func checked(_ text: String, allowsPrivate: Bool) throws -> String {
            let url: DeliveryURL
            do throws(DeliveryURLFlaw) {
                url = try DeliveryURL(text)
            } catch {
                throw CommandFailure("--url is no address to deliver to: \(error).", status: .wrongUsage)
            }
            guard allowsPrivate || !url.isPrivate else {
                throw CommandFailure(
                    "--url names a private address. If that is meant, set HOOKGATE_DELIVER_PRIVATE_NETWORKS=allow for "
                        + "the gateways and here.", status: .wrongUsage)
            }
            return text
        }

        private func setSelection(_ selection: inout EventSelection) {
            if let kinds { selection.kinds = kinds == "all" ? nil : Self.names(kinds) }
            if let withoutKinds { selection.excludedKinds = withoutKinds == "none" ? [] : Self.names(withoutKinds) }
            if let groups { selection.groups = groups }
            if let statusBroadcasts { selection.statusBroadcasts = statusBroadcasts }
            if let newsletters { selection.newsletters = newsletters }
            if let ownMessages { selection.ownMessages = ownMessages }
        }

        private static func names(_ text: String) -> Swift.Set<String> {
            Swift.Set(text.split(whereSeparator: { $0 == "," || $0 == " " }).map { EventName.normalised(String($0)) })
        }

        private static func duration(_ text: String) throws -> Duration {
            let milliseconds = text.hasSuffix("ms") ? Int64(text.dropLast(2)).map { Duration.milliseconds($0) } : nil
            guard let duration = milliseconds ?? DurationText.parse(text), duration >= .milliseconds(1),
                duration <= Destination.longestTimeout
            else {
                throw CommandFailure("--timeout '\(text.printable)' is no time from 1ms to 20s.", status: .wrongUsage)
            }
            return duration
        }

        private static func number(_ number: Int, _ name: String, _ range: ClosedRange<Int>) throws -> Int {
            guard range.contains(number) else {
                throw CommandFailure(
                    "\(name) is a number from \(range.lowerBound) to \(range.upperBound).", status: .wrongUsage)
            }
            return number
        }
    }

    struct Rotate: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Give a destination a new secret; the one before signs as well until you settle it.",
            discussion: """
                Each delivery carries a signature by both, so the receiver changes when it likes. --settle ends the \
                old one. The secret of HOOKGATE_DELIVER_URL is changed in HOOKGATE_DELIVER_SECRET: the new one first, \
                a space, the old one.

                Examples:
                  hookgate destinations rotate clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10
                  hookgate destinations rotate clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 --settle
                """
        )

        @OptionGroup var change: Change

        @Flag(help: "End the old secret; make no new one.")
        var settle = false

        @Option(help: "What the new secret is: shared (v1, HMAC-SHA256) or ed25519 (v1a).")
        var secret: SigningSecret.Kind?

        func perform() async throws -> ExitStatus {
            try await DestinationChangeStep(change, verb: settle ? "settle" : "rotate").run { record, _ in
                guard case .webhook = record.kind else {
                    throw CommandFailure("The destination \(record.scope.text) is none that is signed to.")
                }
                if settle {
                    record.secrets = record.secrets?.settled
                } else {
                    let new = SigningSecret(minting: secret ?? record.secrets?.secrets.first?.kind ?? .shared)
                    record.secrets = try record.secrets?.rotated(to: new) ?? SigningSecrets([new])
                }
            }
        }
    }
}

extension Destination.Format: ExpressibleByArgument {}
extension Destination.Media: ExpressibleByArgument {}
extension SigningSecret.Kind: ExpressibleByArgument {}
