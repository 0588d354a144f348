import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import RedisClient
import Senders
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RedisStreamSenderTests {
    private let integration = IntegrationID(UUID())

    private func task(
        _ target: RedisStreamTarget, chat: String?, number: Int = 0, trust: Destination.Trust = .operator
    ) -> DeliveryTask {
        let event = DeliveryEvent(
            id: EventID(UUID()), receivedAt: Date(), integrationID: integration, organizationID: nil,
            clinicID: ClinicID(UUID()), instanceName: InstanceName("clinic"), route: .token, kind: "MESSAGES_UPSERT",
            eventSuffix: nil, chat: chat, messageID: nil)
        let destination = Destination(
            id: .default, kind: .redisStream(target), timeout: .seconds(10), trust: trust)
        return DeliveryTask(
            event: event, body: Array(#"{"event":"messages.upsert","number":\#(number)}"#.utf8),
            destination: destination, attempt: 1)
    }

    private func withSender(
        operatorsAddress: String? = nil, _ body: (DestinationSender) async throws -> Void
    ) async throws {
        let address = try operatorsAddress.map { try RedisAddress($0) }
        try await withDestinationSender(streams: RedisStreamSender(operatorsAddress: address), body)
    }

    private func withClient(_ url: String, _ body: (RedisClient) async throws -> Void) async throws {
        let arrived = AsyncStream.makeStream(of: Void.self)
        let client = RedisClient(try RedisAddress(url)) { _ in arrived.continuation.yield() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            for await _ in arrived.stream { break }
            try await body(client)
            group.cancelAll()
        }
    }

    @Test func eventsOfAChatAreInOneStreamInOrder() async throws {
        try await withRedis { redis in
            let target = RedisStreamTarget(address: redis.url, prefix: "events", shards: 4, maximumLength: 1_000)
            try await withSender { sender in
                for number in 0..<40 {
                    let chat = "1555010100\(number % 8)@s.whatsapp.net"
                    #expect(await sender.send(task(target, chat: chat, number: number)) == .delivered(status: nil))
                }
            }
            try await withClient(redis.url) { client in
                var numbers: [Int: [Int]] = [:]
                var total = 0
                for shard in 0..<4 {
                    let reply = try await client.send(RedisCommand("XRANGE", "events:\(shard)", "-", "+"))
                    guard case .array(let entries) = reply else { continue }
                    total += entries.count
                    for entry in entries {
                        let number = try #require(Self.number(of: entry))
                        numbers[number % 8, default: []].append(number)
                    }
                }
                #expect(total == 40)
                for (_, sequence) in numbers { #expect(sequence == sequence.sorted() && sequence.count == 5) }
            }
        }
    }

    private static func number(of entry: RESPValue) -> Int? {
        guard case .array(let parts) = entry, case .array(let fields) = parts[1] else { return nil }
        let texts = fields.map { $0.text ?? "" }
        #expect(texts.contains("messages.upsert"))
        let body = texts.firstIndex(of: "body").map { texts[$0 + 1] } ?? ""
        let document = try? JSONDocument(Array(body.utf8))
        return document?.root["number"]?.numeral.flatMap { Int($0) }
    }

    @Test func streamIsBounded() async throws {
        try await withRedis { redis in
            let target = RedisStreamTarget(address: redis.url, prefix: "bounded", shards: 1, maximumLength: 10)
            try await withSender { sender in
                for number in 0..<500 { _ = await sender.send(task(target, chat: "a@g.us", number: number)) }
            }
            try await withClient(redis.url) { client in
                guard case .integer(let length) = try await client.send(RedisCommand("XLEN", "bounded:0")) else {
                    Issue.record("XLEN said no number")
                    return
                }
                // "About": Redis drops whole nodes of a hundred entries.
                #expect(length < 250)
            }
        }
    }

    @Test func serverThatIsAwayIsAFailureAtOnce() async throws {
        let target = RedisStreamTarget(
            address: "redis+unix:///nonexistent/redis.sock", prefix: "events", shards: 1, maximumLength: 10)
        try await withSender { sender in
            let result = await sender.send(task(target, chat: nil))
            #expect(result == .connectionFailed(.unreachable))
        }
    }

    @Test func destinationThatOthersSetIsTheOperatorsOwnRedis() async throws {
        try await withRedis { redis in
            let foreign = RedisStreamTarget(address: redis.url, prefix: "events", shards: 1, maximumLength: 10)
            let own = RedisStreamTarget(address: "", prefix: "events", shards: 1, maximumLength: 10)
            try await withSender(operatorsAddress: redis.url) { sender in
                let refused = await sender.send(task(foreign, chat: nil, trust: .configured))
                #expect(refused == .forbiddenAddress)
                let taken = await sender.send(task(own, chat: nil, trust: .configured))
                #expect(taken == .delivered(status: nil))
            }
            try await withSender { sender in
                let unset = await sender.send(task(own, chat: nil, trust: .configured))
                #expect(unset == .unsendable(.invalidAddress))
            }
        }
    }

    @Test func shardIsTheSameInEveryRelease() {
        let event = DeliveryEvent(
            id: EventID(UUID()), receivedAt: Date(),
            integrationID: IntegrationID("6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10"), organizationID: nil, clinicID: nil,
            instanceName: nil, route: .token, kind: nil, eventSuffix: nil, chat: "15550101001@s.whatsapp.net",
            messageID: nil)
        #expect(StreamShard.number(of: event, among: 1_000) == 111)
        #expect(StreamShard.number(of: event, among: 1) == 0)
    }
}
