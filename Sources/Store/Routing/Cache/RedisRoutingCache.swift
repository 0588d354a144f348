import Crypto
import FoundationEssentials
import HookgateCore
import RedisClient

/// The shared cache in Redis.
///
/// Keys are `hookgate:2:SCOPE:` and then `t:` with a token's digest, `i:` with an integration's id, or `n:` with a
/// name's digest. A record never replaces one of the same row with a higher revision; the comparison is made inside
/// Redis, so that no two writers can undo each other.
struct RedisRoutingCache: RoutingCache {
    /// How long a record that nobody writes again stays: what bounds how outdated a record can be.
    static let lifetime = Duration.seconds(24 * 3_600)
    /// Everything is written again at half of that, so that a record only goes when its row did.
    static let fillingInterval = Duration.seconds(12 * 3_600)
    private static let recordsPerCommand = 100

    /// For each key: the new record, unless the old one comes later in the order of their stamps. What stands before
    /// the numbers is the version and the database: a record of another one gives way.
    private static let storing = """
        for i = 1, #KEYS do
            local new = ARGV[i * 2]
            local old = redis.call('GET', KEYS[i])
            if not old or string.sub(old, 1, 18) ~= string.sub(new, 1, 18)
                or string.sub(old, 20, 60) <= string.sub(new, 20, 60) then
                redis.call('SET', KEYS[i], new, 'PX', ARGV[i * 2 - 1])
            end
        end
        return #KEYS
        """

    private let client: RedisClient
    let prefix: String

    /// - Parameter scope: tells databases that share a Redis apart; see ``scope(ofDatabaseURL:)``.
    init(client: RedisClient, scope: String) {
        self.client = client
        // A release that knew of no second factors wrote under 1: what it says of an integration may be too little.
        self.prefix = "hookgate:2:\(scope):"
    }

    /// Eight characters that stand for a database's place, whoever asks it with whichever password. Takes a URL or
    /// libpq's pairs.
    static func scope(ofDatabaseURL url: String) -> String {
        var place: [Substring] = []
        var pairs = url[...]
        if let scheme = url.firstRange(of: "://") {
            let start = url.lastIndex(of: "@").map { url.index(after: $0) } ?? scheme.upperBound
            let end = url[start...].firstIndex(of: "?") ?? url.endIndex
            place = [url[start..<end]]
            pairs = url[end...]
        }
        place += pairs.split { "?& ".contains($0) }.filter { pair in
            ["host", "hostaddr", "port", "dbname", "service"].contains { pair.hasPrefix($0 + "=") }
        }
        return Base64URL.encode(SHA256.hash(data: Array(place.joined(separator: "\n").utf8)).prefix(6))
    }

    func routing(for key: RoutingKey) async throws(RoutingCacheError) -> CachedRouting? {
        switch key {
        case .token(let digest):
            guard let record = try await self.text(self.key(digest)).flatMap({ CachedRecord.token(digest, $0) }),
                case .token(_, let id, _) = record.content
            else { return nil }
            return CachedRouting(record, try await self.integration(id))
        case .instance(let name):
            guard let record = try await self.text(self.key(name)).flatMap({ CachedRecord.name(name, $0) }),
                case .name(_, let id?) = record.content
            else { return nil }
            return CachedRouting(record, try await self.integration(id))
        }
    }

    func store(_ records: [CachedRecord]) async throws(RoutingCacheError) {
        var rest = records[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.recordsPerCommand)
            let keys = batch.map { self.key($0.content) }
            let values = batch.flatMap { ["\(Self.someLifetime())", $0.text] }
            guard try await self.send(["EVAL", Self.storing, "\(keys.count)"] + keys + values) != .null else {
                throw .unavailable
            }
            rest = rest.dropFirst(Self.recordsPerCommand)
        }
    }

    func claimFilling() async throws(RoutingCacheError) -> Bool {
        let reply = try await self.send(
            ["SET", self.prefix + "filled", "1", "NX", "PX", "\(Self.milliseconds(Self.fillingInterval))"])
        return reply == .simple("OK")
    }

    private func integration(_ id: IntegrationID?) async throws(RoutingCacheError) -> CachedRecord? {
        guard let id else { return nil }
        return try await self.text(self.key(id)).flatMap { CachedRecord.integration(id, $0) }
    }

    private func text(_ key: String) async throws(RoutingCacheError) -> String? {
        try await self.send(["GET", key]).text
    }

    private func send(_ words: [String]) async throws(RoutingCacheError) -> RESPValue {
        do throws(RedisError) {
            return try await self.client.send(RedisCommand(words))
        } catch {
            throw .unavailable
        }
    }

    private func key(_ content: CachedRecord.Content) -> String {
        switch content {
        case .integration(let entry): self.key(entry.integrationID)
        case .withheld(let id), .deleted(let id): self.key(id)
        case .token(let digest, _, _): self.key(digest)
        case .name(let name, _): self.key(name)
        }
    }

    private func key(_ digest: TokenDigest) -> String { self.prefix + "t:" + Base64URL.encode(digest.bytes) }

    private func key(_ id: IntegrationID) -> String { self.prefix + "i:" + id.text }

    /// A digest, so that no name steers a key, however long it is and whatever it holds.
    private func key(_ name: InstanceName) -> String {
        self.prefix + "n:" + Base64URL.encode(SHA256.hash(data: Array(name.text.utf8)))
    }

    /// In milliseconds, up to a tenth less: what was written together must not go together.
    private static func someLifetime() -> Int64 {
        let whole = self.milliseconds(self.lifetime)
        return Int64.random(in: whole * 9 / 10...whole)
    }

    private static func milliseconds(_ duration: Duration) -> Int64 { duration.components.seconds * 1_000 }
}
