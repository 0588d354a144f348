import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import NIOCore
import NIOHTTP1
import PostgresClient

/// The last act: a backend gets what has waited, checks every signature, and refuses what nobody signed for it.
struct DemoDelivery {
    private static let sampleInstance = "clinic-abc123"
    private static let liveMessage = 900_001

    let stage: DemoStage
    let pool: PostgresPool
    let tokens: [String: WebhookToken]

    /// - Parameter atEnd: what is done while gateway and backend still run.
    func tell(atEnd: (_ address: String) async throws -> Void) async throws {
        let waiting = try await count("state = 'pending'")
        stage.say("\(waiting) events have waited until somebody says where they go; none of them expires.")
        let secret = SigningSecret(minting: .shared)
        try await DemoReceiver.listening(verifying: secret) { url, receiver in
            stage.export("HOOKGATE_DELIVER_URL", url)
            stage.export("HOOKGATE_DELIVER_SECRET", secret.secretText, shownAs: secret.masked)
            try await stage.hookgate("destinations", "test", "default", ending: .done)
            try await stage.withGateway { address in
                try await proveThatWhatWaitedArrived(waiting, at: receiver)
                try await proveThatWhatComesNowArrives(through: address, at: receiver)
                try await proveThatNothingElseIsTaken(by: receiver, at: url, secret)
                try await stage.hookgate("destinations", ending: .done)
                try await atEnd(address)
            }
            try await stage.hookgate("events", "balance", ending: .done)
        }
    }

    private func proveThatWhatWaitedArrived(_ waiting: Int64, at receiver: DemoReceiver) async throws {
        let isEmpty = try await stage.eventually { try await count("state = 'pending'") == 0 }
        stage.expect(isEmpty, "nothing waits any more")
        let arrived = receiver.taken.filter { $0.kind != "hookgate.test" }.compactMap(\.id)
        let delivered = try await deliveredInOrder()
        stage.expect(
            arrived.count == Set(arrived).count && Set(arrived) == Set(delivered.map(\.id)),
            "\(arrived.count) events are at the backend, once each, and no others")
        let filtered = try await count("state = 'filtered'")
        stage.expect(
            Int64(arrived.count) + filtered == waiting,
            "that is all that waited, but for \(filtered) that no backend asked for")
        stage.expect(
            receiver.refused == 0, "each of them carried a signature by the secret that both sides have, made just now")
        let places = Dictionary(zip(arrived, 0...)) { first, _ in first }
        let chats = Dictionary(grouping: delivered, by: \.chat).mapValues { events in
            events.compactMap { places[$0.id] }
        }
        stage.expect(
            chats.values.allSatisfy { $0 == $0.sorted() },
            "in each of \(chats.count) chats they came in the order in which they had been accepted")
    }

    /// Posts one webhook and follows it to the backend.
    private func proveThatWhatComesNowArrives(through address: String, at receiver: DemoReceiver) async throws {
        guard let token = tokens[Self.sampleInstance] else {
            throw CommandFailure("\(Self.sampleInstance) has no token after the migration; see the output above.")
        }
        let traffic = DemoTraffic(base: try PublicURL(address))
        let begun = ContinuousClock.now
        let answer = try await traffic.post(
            .message, to: traffic.base.webhookURL(token: token), instance: Self.sampleInstance,
            message: Self.liveMessage)
        let id = answer.acceptance?.eventID?.text
        let isThere = try await stage.eventually { id != nil && receiver.taken.contains { $0.id == id } }
        stage.expect(
            isThere, "a message that comes now is at the backend \((ContinuousClock.now - begun).milliseconds) ms later"
        )
    }

    private func proveThatNothingElseIsTaken(
        by receiver: DemoReceiver, at url: String, _ secret: SigningSecret
    ) async throws {
        guard let genuine = receiver.taken.last else { return stage.expect(false, "the backend took something") }
        var tampered = genuine.body
        tampered[tampered.count / 2] ^= 1
        let late = try Self.signed(genuine, by: secret, at: TimeSource.system.now.addingTimeInterval(-600))
        let stranger = try Self.signed(genuine, by: SigningSecret(minting: .shared), at: TimeSource.system.now)
        let attempts: [(what: String, headers: [(String, String)], body: [UInt8])] = [
            ("the last delivery with one bit of its body changed", Self.signature(of: genuine), tampered),
            ("a delivery of ten minutes ago, sent once more", late, genuine.body),
            ("a body that somebody else signed", stranger, genuine.body),
            ("a body without a signature", [], genuine.body),
        ]
        for attempt in attempts {
            let status = try await post(attempt.body, attempt.headers, to: url)
            stage.expect(status == 401, "\(status) from the backend to \(attempt.what)")
        }
        stage.expect(receiver.refused == attempts.count, "and it took none of them")
    }

    private static func signature(of delivery: DemoReceiver.Delivery) -> [(String, String)] {
        [
            StandardWebhooksSignature.idHeader, StandardWebhooksSignature.timestampHeader,
            StandardWebhooksSignature.signatureHeader,
        ].compactMap { name in delivery.headers[name].map { (name, $0) } }
    }

    private static func signed(
        _ delivery: DemoReceiver.Delivery, by secret: SigningSecret, at instant: Date
    ) throws -> [(String, String)] {
        try StandardWebhooksSignature.headers(
            id: delivery.id ?? "", at: instant, body: delivery.body, secrets: try SigningSecrets([secret])
        ).map { ($0.name, $0.value) }
    }

    private func post(_ body: [UInt8], _ headers: [(String, String)], to url: String) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        _ = try await response.body.collect(upTo: 64 * 1024)
        return Int(response.status.code)
    }

    private func count(_ condition: String) async throws -> Int64 {
        try await pool.query("SELECT count(*)::bigint AS count FROM hookgate.events WHERE \(condition)")[0]
            .decode("count")
    }

    /// What the inbox knows of the order.
    private func deliveredInOrder() async throws -> [(id: String, chat: String)] {
        try await pool.query(
            """
            SELECT id::text AS id, concat_ws(' ', instance_name, chat) AS chat FROM hookgate.events
            WHERE state = 'delivered' ORDER BY received_at, id
            """
        ).map { row in (try row.decode("id"), try row.decode("chat")) }
    }
}
