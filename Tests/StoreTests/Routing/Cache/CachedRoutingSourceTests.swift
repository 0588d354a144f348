import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import RedisClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct CachedRoutingSourceTests {
    /// A replica over one database and one Redis; `isDown` is one whose PostgreSQL nobody can reach.
    private struct Replica {
        let source: CachedRoutingSource
        private let feed: PostgresRoutingSource

        init(_ database: TestDatabase, _ cache: any RoutingCache, isDown: Bool = false) {
            let pool = isDown ? PostgresPool(url: "postgresql://postgres@/none?host=/nonexistent") : database.pool
            self.feed = PostgresRoutingSource(pool: pool, listenURL: nil)
            self.source = CachedRoutingSource(lookUps: self.feed, feed: self.feed, cache: cache)
        }

        /// Loads as a gateway does, and reads changes once.
        func follow() async throws -> RoutingCursor {
            let cursor = try await self.source.loadAll { _ in }
            return try await self.source.changes(since: cursor).next
        }
    }

    private struct Redis {
        let client: RedisClient
        let cache: RedisRoutingCache

        func send(_ words: String...) async throws -> RESPValue { try await self.client.send(RedisCommand(words)) }
    }

    /// Runs `body` with a connection to a Redis, in a scope of its own.
    private static func with<T>(
        redis url: String, timeout: Duration = .seconds(10), _ body: (Redis) async throws -> T
    ) async throws -> T {
        let changed = Milestone()
        var options = RedisOptions()
        options.commandTimeout = timeout
        let client = RedisClient(try RedisAddress(url), options: options) { _ in changed.reach() }
        let running = Task { await client.run() }
        defer { running.cancel() }
        await changed.wait(for: 1)
        let scope = "test-\(UInt64.random(in: 0...UInt64.max))"
        return try await body(Redis(client: client, cache: RedisRoutingCache(client: client, scope: scope)))
    }

    private static func withBoth(_ body: (TestDatabase, Redis, TokenDigest, String) async throws -> Void) async throws {
        let url = "redis+unix://" + (try await TestRedis.socket)
        try await withSchema { database in
            try await self.with(redis: url) { redis in
                let id = try await database.insertIntegration(instance: "clinic-a")
                try await body(database, redis, try await self.token(of: id, in: database), id)
            }
        }
    }

    private static func token(of id: String, in database: TestDatabase) async throws -> TokenDigest {
        let text = try await database.text("SELECT webhook_token FROM healthcare.integrations WHERE id = '\(id)'")
        return TokenDigest(of: try #require(text))
    }

    private static func replaceToken(of id: String, in database: TestDatabase) async throws {
        try await database.pool.query(
            "UPDATE healthcare.integrations SET webhook_token = NULL WHERE id = $1::uuid", [id])
    }

    // MARK: What is believed

    @Test func whatOneReplicaLookedUpIsReadByAnotherOnceItFollowsChanges() async throws {
        try await Self.withBoth { database, redis, digest, _ in
            let second = Replica(database, redis.cache)
            _ = try await second.follow()
            let found = try await Replica(database, redis.cache).source.answer(for: .token(digest))
            guard case .source(let fact) = found else {
                Issue.record("unexpected: \(found)")
                return
            }
            #expect(try await second.source.answer(for: .token(digest)) == .cache(fact))
            #expect(second.source.counters.hits.count == 1)
            let named = try await Replica(database, redis.cache).source.answer(for: .instance(InstanceName("clinic-a")))
            // How soon a name is vouched for depends on who else writes on this server; that it is there does not.
            let late = Replica(database, redis.cache, isDown: true)
            let again = try await late.source.answer(for: .instance(InstanceName("clinic-a")))
            #expect(again == .stale(named.fact))
        }
    }

    @Test func whileChangesAreNotFollowedPostgreSQLIsAsked() async throws {
        try await Self.withBoth { database, redis, digest, _ in
            let replica = Replica(database, redis.cache)
            let first = try await replica.source.answer(for: .token(digest))
            #expect(try await replica.source.answer(for: .token(digest)) == first)
            #expect(replica.source.counters.unproven.count == 1)
        }
    }

    @Test func revokedTokenIsNotRaisedByAnOldRecordWhoeverWroteIt() async throws {
        try await Self.withBoth { database, redis, digest, id in
            let lateFinding = try await PostgresRoutingSource(pool: database.pool, listenURL: nil)
                .finding(for: .token(digest))
            let replica = Replica(database, redis.cache)
            let cursor = try await replica.follow()
            try await Self.replaceToken(of: id, in: database)
            let origin = try await PostgresRoutingSource(pool: database.pool, listenURL: nil).identity()
            let old = lateFinding.changes.map { CachedRecord($0, origin: origin, asOf: lateFinding.asOf) }
            // A gateway that was slow brings what it had read before.
            try await redis.cache.store(old)
            _ = try await replica.source.changes(since: cursor)
            // And a Redis that lost the newer record takes it.
            // Of this scope alone: others use the same server.
            for key in try await redis.cache.keys(redis.client) { _ = try await redis.send("DEL", key) }
            try await redis.cache.store(old)
            for isDown in [false, true] {
                if isDown { await database.pool.close() }
                let answer = try? await replica.source.answer(for: .token(digest))
                guard let answer else {
                    #expect(isDown)
                    continue
                }
                guard case .token(_, .revoked) = answer.fact else {
                    Issue.record("unexpected: \(answer)")
                    return
                }
            }
            #expect(replica.source.counters.stale.count == 0)
        }
    }

    @Test func olderRecordNeverReplacesANewerOneInRedis() async throws {
        try await Self.withBoth { database, redis, digest, _ in
            let origin = DatabaseIdentity(text: "0123456789abcdef")
            func record(_ standing: TokenStanding, revision: UInt64, origin: DatabaseIdentity) -> CachedRecord {
                CachedRecord(
                    .token(digest, nil, standing), CacheStamp(origin: origin, revision: revision, asOf: revision))
            }
            let key = RoutingKey.token(digest)
            try await redis.cache.store([record(.revoked, revision: 10, origin: origin)])
            try await redis.cache.store([record(.current, revision: 9, origin: origin)])
            #expect(try await redis.cache.routing(for: key)?.fact == .revokedToken)
            // Numbers of another database mean nothing beside these.
            try await redis.cache.store([
                record(.current, revision: 1, origin: DatabaseIdentity(text: "fedcba9876543210"))
            ])
            #expect(try await redis.cache.routing(for: key) == nil)
        }
    }

    // MARK: PostgreSQL is down

    @Test func replicaThatStartsWhilePostgreSQLIsDownServesWhatRedisHas() async throws {
        try await Self.withBoth { database, redis, digest, _ in
            // Nobody has ever looked this token up: a replica filled the cache.
            #expect(try await Replica(database, redis.cache).source.fillCacheWhenDue())
            #expect(try await !Replica(database, redis.cache).source.fillCacheWhenDue())
            let late = Replica(database, redis.cache, isDown: true)
            guard case .stale(.token(let entry, .current)) = try await late.source.answer(for: .token(digest)) else {
                Issue.record("not served")
                return
            }
            #expect(entry.instanceName == InstanceName("clinic-a"))
            await #expect(throws: RoutingSourceError.self) {
                try await late.source.answer(for: .token(TokenDigest(of: "never")))
            }
        }
    }

    /// What Redis has of an integration with a second factor lets nothing pass: the key stays out of it, and an entry
    /// without the key would be one that asks for nothing.
    @Test func integrationWithASecondFactorIsWithheldFromRedis() async throws {
        try await Self.withBoth { database, redis, digest, id in
            let replica = Replica(database, redis.cache)
            let name = InstanceName("clinic-a")
            _ = try await replica.source.answer(for: .instance(name))
            let cursor = try await replica.follow()
            try await database.pool.query(
                """
                INSERT INTO hookgate.second_factors (integration_id, mode, header_name, header_digest, jwt_key)
                VALUES ($1::uuid, 'enforce', 'X-Hookgate-Secret', sha256('the value'), 'the-jwt-key')
                """, [id])
            _ = try await replica.source.changes(since: cursor)
            // By filling as by following: no record leads to it.
            #expect(try await Replica(database, redis.cache).source.fillCacheWhenDue())
            for key in [RoutingKey.token(digest), .instance(name)] {
                #expect(try await redis.cache.routing(for: key) == nil)
                guard case .source(let fact) = try await replica.source.answer(for: key) else {
                    Issue.record("\(key) was not asked for")
                    return
                }
                switch fact {
                case .token(let entry, _), .instance(let entry): #expect(entry.secondFactor?.mode == .enforce)
                default: Issue.record("\(key) is not found")
                }
                await #expect(throws: RoutingSourceError.self) {
                    try await Replica(database, redis.cache, isDown: true).source.answer(for: key)
                }
            }
            guard case .array(let keys) = try await redis.send("KEYS", redis.cache.prefix + "*") else { return }
            #expect(keys.count >= 2)
            for key in keys.compactMap(\.text) {
                let value = try await redis.send("GET", key).text ?? ""
                #expect(!value.contains("the-jwt-key") && !value.contains("Hookgate-Secret"))
            }
            // Taken away, it may be kept again.
            try await database.pool.query("DELETE FROM hookgate.second_factors")
            _ = try await replica.source.answer(for: .token(digest))
            #expect(try await redis.cache.routing(for: .token(digest)) != nil)
        }
    }

    @Test func revocationReachesRedisWithTheChangesAndIsNoRefusalWhileNobodyCanSay() async throws {
        try await Self.withBoth { database, redis, digest, id in
            let replica = Replica(database, redis.cache)
            #expect(try await replica.source.fillCacheWhenDue())
            let cursor = try await replica.follow()
            try await Self.replaceToken(of: id, in: database)
            _ = try await replica.source.changes(since: cursor)
            // Neither accepted as current nor refused: the event is stored and decided later.
            await #expect(throws: RoutingSourceError.self) {
                try await Replica(database, redis.cache, isDown: true).source.answer(for: .token(digest))
            }
        }
    }

    @Test func changeOfAnIntegrationReachesRedisAndItsNameIsAskedForAgain() async throws {
        try await Self.withBoth { database, redis, digest, id in
            let replica = Replica(database, redis.cache)
            let name = InstanceName("clinic-a")
            _ = try await replica.source.answer(for: .instance(name))
            _ = try await replica.source.answer(for: .token(digest))
            let cursor = try await replica.follow()
            try await database.pool.query(
                "UPDATE healthcare.integrations SET enabled = false WHERE id = $1::uuid", [id])
            _ = try await replica.source.changes(since: cursor)
            let late = Replica(database, redis.cache, isDown: true)
            guard case .stale(.token(let entry, .current)) = try await late.source.answer(for: .token(digest)) else {
                Issue.record("not served")
                return
            }
            #expect(!entry.isEnabled)
            await #expect(throws: RoutingSourceError.self) { try await late.source.answer(for: .instance(name)) }
        }
    }

    @Test func writeThatWasLostIsMadeGoodByFillingAgain() async throws {
        try await withSchema { database in
            try await withRedis { server in
                try await Self.with(redis: server.url) { redis in
                    let id = try await database.insertIntegration(instance: "clinic-a")
                    let digest = try await Self.token(of: id, in: database)
                    let replica = Replica(database, redis.cache)
                    #expect(try await replica.source.fillCacheWhenDue())
                    let cursor = try await replica.follow()
                    // Redis may be read, and takes nothing: a full one, or one that became a replica.
                    _ = try await redis.send("CONFIG", "SET", "maxmemory", "1")
                    try await Self.replaceToken(of: id, in: database)
                    _ = try await replica.source.changes(since: cursor)
                    #expect(replica.source.counters.failedWrites.count == 1)
                    _ = try await redis.send("CONFIG", "SET", "maxmemory", "0")
                    #expect(try await replica.source.fillCacheWhenDue())
                    #expect(try await !replica.source.fillCacheWhenDue())
                    await #expect(throws: RoutingSourceError.self) {
                        try await Replica(database, redis.cache, isDown: true).source.answer(for: .token(digest))
                    }
                }
            }
        }
    }

    // MARK: Redis is not well

    @Test func answersComeFromPostgreSQLWhileRedisIsAbsent() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let digest = try await Self.token(of: id, in: database)
            try await Self.with(redis: "redis+unix:///nonexistent/redis.sock") { redis in
                try await Self.expectSource(Replica(database, redis.cache), digest)
            }
        }
    }

    @Test func answersComeFromPostgreSQLWhenRedisHangsDiesOrIsEmptied() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let digest = try await Self.token(of: id, in: database)
            try await withRedis { server in
                try await Self.with(redis: server.url, timeout: .milliseconds(100)) { redis in
                    let replica = Replica(database, redis.cache)
                    _ = try await replica.follow()
                    _ = try await replica.source.answer(for: .token(digest))
                    _ = try await redis.send("FLUSHALL")
                    try await Self.expectSource(replica, digest)
                    #expect(try await replica.source.answer(for: .token(digest)).isFromCache)
                    try server.suspend()
                    // The time-out of one command, and then none at all.
                    for _ in 0..<3 { try await Self.expectSource(replica, digest) }
                    try server.die()
                    try await Self.expectSource(replica, digest)
                }
            }
        }
    }

    @Test func nonsenseInRedisIsNothing() async throws {
        try await Self.withBoth { database, redis, digest, _ in
            let replica = Replica(database, redis.cache)
            _ = try await replica.follow()
            _ = try await replica.source.answer(for: .token(digest))
            #expect(try await replica.source.answer(for: .token(digest)).isFromCache)
            let keys = try await redis.cache.keys(redis.client)
            for nonsense in ["", "1", "\u{0}\u{1}", String(repeating: "9", count: 100_000), "1 x y z w"] {
                for key in keys { _ = try await redis.send("SET", key, nonsense) }
                try await Self.expectSource(replica, digest)
            }
            for key in keys {
                _ = try await redis.send("DEL", key)
                _ = try await redis.send("LPUSH", key, "a list")
            }
            try await Self.expectSource(replica, digest)
        }
    }

    // MARK: What stands in Redis

    @Test func redisHoldsNoTokenAndEveryKeyExpires() async throws {
        try await Self.withBoth { database, redis, digest, id in
            let replica = Replica(database, redis.cache)
            #expect(try await replica.source.fillCacheWhenDue())
            _ = try await replica.source.answer(for: .instance(InstanceName("clinic-a")))
            let token = try #require(
                try await database.text("SELECT webhook_token FROM healthcare.integrations WHERE id = '\(id)'"))
            let hex = Array(token.utf8).map { String($0, radix: 16) }.joined()
            let keys = try await redis.cache.keys(redis.client)
            // Token, integration, name, and the mark of the filling.
            #expect(keys.count == 4)
            for key in keys {
                let value = try await redis.send("GET", key).text ?? ""
                for text in [key, value] {
                    #expect(
                        !text.contains(token) && !text.contains(token.dropFirst(4).prefix(20)) && !text.contains(hex))
                }
                guard case .integer(let milliseconds) = try await redis.send("PTTL", key) else { continue }
                #expect(milliseconds > 0 && milliseconds <= 24 * 3_600_000)
            }
        }
    }

    @Test func scopeFollowsTheDatabaseAndNotWhoAsks() {
        func scope(_ url: String) -> String { RedisRoutingCache.scope(ofDatabaseURL: url) }
        #expect(scope("postgres://a:one@db/fleet?sslmode=require") == scope("postgres://b:two@db/fleet"))
        #expect(scope("postgres://a@db/fleet") != scope("postgres://a@db/other"))
        #expect(scope("host=db dbname=fleet password=one") == scope("host=db dbname=fleet password=two"))
        #expect(scope("postgres://a@/fleet?host=/one") != scope("postgres://a@/fleet?host=/two"))
    }

    /// PostgreSQL's answer. One that waited for a Redis that hangs would wait until the suite's time is over.
    private static func expectSource(_ replica: Replica, _ digest: TokenDigest) async throws {
        let answer = try await replica.source.answer(for: .token(digest))
        guard case .source(.token(_, .current)) = answer else {
            Issue.record("unexpected: \(answer)")
            return
        }
    }
}

extension RoutingAnswer {
    fileprivate var fact: RoutingFact {
        switch self {
        case .source(let fact), .cache(let fact), .stale(let fact): fact
        }
    }

    fileprivate var isFromCache: Bool {
        if case .cache = self { true } else { false }
    }
}

extension RedisRoutingCache {
    /// Every key of this scope.
    fileprivate func keys(_ client: RedisClient) async throws -> [String] {
        guard case .array(let keys) = try await client.send(RedisCommand("KEYS", self.prefix + "*")) else { return [] }
        return keys.compactMap(\.text)
    }
}
