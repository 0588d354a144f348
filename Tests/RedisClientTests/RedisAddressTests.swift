import Testing

@testable import RedisClient

@Suite struct RedisAddressTests {
    @Test func plainAddressHasTheStandardPortAndDatabaseZero() throws {
        let address = try RedisAddress("redis://cache.example.org")
        #expect(address.endpoint == .host("cache.example.org", port: 6379))
        #expect(!address.usesTLS && address.credentials == nil && address.database == 0)
    }

    @Test func everyPartIsRead() throws {
        let address = try RedisAddress("rediss://gate:p%40ss%25word@[::1]:6380/7?cacert=/etc/ca.pem")
        #expect(address.endpoint == .host("::1", port: 6380))
        #expect(address.usesTLS && address.database == 7 && address.authoritiesFile == "/etc/ca.pem")
        #expect(address.credentials == .init(user: "gate", password: "p@ss%word"))
        #expect(address.description == "rediss://[::1]:6380/7")
    }

    @Test func passwordAloneNeedsNoUser() throws {
        #expect(try RedisAddress("redis://:s3cret@host").credentials == .init(user: nil, password: "s3cret"))
        // As people paste it: the last @ ends the password.
        #expect(try RedisAddress("redis://:p@ss@host").credentials == .init(user: nil, password: "p@ss"))
    }

    @Test func socketHasAPathAndItsDatabaseBehindIt() throws {
        let address = try RedisAddress("redis+unix://:s3cret@/run/redis/redis.sock?db=2")
        #expect(address.endpoint == .socket(path: "/run/redis/redis.sock"))
        #expect(address.database == 2 && address.credentials?.password == "s3cret")
    }

    @Test(arguments: [
        ("http://host", RedisAddressFlaw.scheme), ("host:6379", .scheme), ("", .scheme),
        ("redis://", .noHost), ("redis://:6379", .noHost), ("redis://a b", .noHost),
        ("redis://host:", .port), ("redis://host:0", .port), ("redis://host:65536", .port), ("redis://host:+1", .port),
        ("redis://host/one", .database), ("redis://host/-1", .database), ("redis://host/1?db=1", .database),
        ("redis+unix://", .noSocket), ("redis+unix://relative", .noSocket),
        ("redis://s3cret@host", .userWithoutPassword), ("redis://user:@host", .userWithoutPassword),
        ("redis://:s3cret%4@host", .escape), ("redis://:s3cret%+1@host", .escape), ("redis://:%ff@host", .escape),
        ("redis://:%00@host", .escape),
        ("redis://host?ssl=1", .parameter), ("redis://host?db", .parameter), ("redis://host?db=1&db=2", .parameter),
        ("redis://host#s3cret", .fragment), ("redis://host?cacert=/ca.pem", .authoritiesWithoutTLS),
    ])
    func flawIsNamedWithoutRepeatingTheText(_ text: String, _ flaw: RedisAddressFlaw) {
        #expect(throws: flaw) { try RedisAddress(text) }
        #expect(!flaw.description.contains("s3cret"))
    }

    @Test func printingAnAddressShowsNoPassword() throws {
        let address = try RedisAddress("redis://gate:s3cret@host")
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!"\(address) \(String(reflecting: address)) \(dumped)".contains("s3cret"))
        #expect(!"\(RedisCommand("AUTH", "s3cret"))".contains("s3cret"))
    }
}
