import HookgateCore
import Testing

struct ConfiguredDestinationTests {
    private func destination(_ address: String) throws -> Destination {
        try ConfiguredDestination(
            address, format: .envelope, media: .reference, secrets: SigningSecrets([SigningSecret(minting: .shared)])
        ).destination
    }

    @Test func webAddressIsSignedAndTrusted() throws {
        let destination = try destination("http://127.0.0.1:9000/in")
        #expect(destination.kind == .webhook(url: "http://127.0.0.1:9000/in"))
        #expect(destination.trust == .operator)
        #expect(destination.secretsReference == "default")
        #expect(destination.format == .envelope && destination.media == .reference)
    }

    @Test(arguments: [
        (
            "redis://r?stream=events",
            RedisStreamTarget(address: "redis://r", prefix: "events", shards: 16, maximumLength: 100_000)
        ),
        (
            "rediss://u:p@r:6380/2?cacert=/ca.pem&stream=a&shards=4&length=9",
            RedisStreamTarget(address: "rediss://u:p@r:6380/2?cacert=/ca.pem", prefix: "a", shards: 4, maximumLength: 9)
        ),
        (
            "redis+unix:///run/redis.sock?stream=a&db=1",
            RedisStreamTarget(
                address: "redis+unix:///run/redis.sock?db=1", prefix: "a", shards: 16, maximumLength: 100_000)
        ),
    ])
    func redisAddressNamesItsStreams(address: String, target: RedisStreamTarget) throws {
        let destination = try destination(address)
        #expect(destination.kind == .redisStream(target))
        #expect(destination.secretsReference == nil)
    }

    @Test func standardOutputIsForPipes() throws {
        #expect(try destination("stdout:").kind == .standardOutput)
    }

    @Test(arguments: [
        ("redis://r", ConfiguredDestination.Flaw.noStreamName), ("redis://r?stream=", .noStreamName),
        ("redis://r?stream=a&shards=0", .notANumber(parameter: "shards")),
        ("redis://r?stream=a&length=x", .notANumber(parameter: "length")), ("stdout", .webAddress(.notHTTP)),
        ("ftp://a.org", .webAddress(.notHTTP)), ("http://", .webAddress(.noHost)),
    ])
    func anythingElseIsRefusedWithItsReason(address: String, flaw: ConfiguredDestination.Flaw) {
        #expect(throws: flaw) { try destination(address) }
    }

    @Test(arguments: [
        "default", "organization:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10", "clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10",
        "integration:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10",
    ])
    func scopeReadsWhatItWrites(text: String) {
        #expect(DestinationScope(text)?.text == text)
    }

    @Test(arguments: ["", "Default", "clinic", "clinic:", "clinic:x", "instance:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10"])
    func otherTextsAreNoScope(text: String) {
        #expect(DestinationScope(text) == nil)
    }
}
