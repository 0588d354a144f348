import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOPosix
import Senders
import Testing

@Suite(.timeLimit(.minutes(2)))
struct WebhookSenderTests {
    private let body = Array(#"{"event":"messages.upsert","data":{}}"#.utf8)

    private func task(
        _ url: String, timeout: Duration = .seconds(10), trust: Destination.Trust = .operator, reference: String? = nil,
        attempt: Int = 1
    ) -> DeliveryTask {
        let event = DeliveryEvent(
            id: EventID(UUID()), receivedAt: Date(), integrationID: nil, organizationID: nil, clinicID: nil,
            instanceName: InstanceName("clinic"), route: .token, kind: "messages.upsert", eventSuffix: nil, chat: nil,
            messageID: nil)
        let destination = Destination(
            id: .default, kind: .webhook(url: url), timeout: timeout, trust: trust, secretsReference: reference)
        return DeliveryTask(event: event, body: body, destination: destination, attempt: attempt)
    }

    private func withSender<T: Sendable>(
        secrets: NamedSecrets = NamedSecrets(), _ change: (inout WebhookSenderOptions) -> Void = { _ in },
        _ body: (DestinationSender) async throws -> T
    ) async throws -> T {
        var options = WebhookSenderOptions()
        change(&options)
        return try await withDestinationSender(secrets: secrets, options: options, body)
    }

    private func result(
        of behaviour: Receiver.Behaviour, timeout: Duration = .seconds(10)
    ) async throws -> AttemptResult {
        try await withSender { sender in
            try await Receiver.with(behaviour) { receiver in
                await sender.send(task("http://127.0.0.1:\(receiver.port)", timeout: timeout))
            }
        }
    }

    @Test(arguments: [
        ("200 OK\r\ncontent-length: 0", AttemptResult.delivered(status: 200)),
        ("204 No Content", .delivered(status: 204)), ("299 Odd\r\ncontent-length: 0", .delivered(status: 299)),
        ("301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0", .redirected(status: 301)),
        ("307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0", .redirected(status: 307)),
        ("400 Bad\r\ncontent-length: 0", .rejected(status: 400)),
        ("404 Not Found\r\ncontent-length: 0", .rejected(status: 404)), ("410 Gone\r\ncontent-length: 0", .gone),
        ("429 Slow\r\nretry-after: 17\r\ncontent-length: 0", .throttled(status: 429, retryAfter: .seconds(17))),
        ("429 Slow\r\nretry-after: soon\r\ncontent-length: 0", .throttled(status: 429, retryAfter: nil)),
        (
            "429 Slow\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 0",
            .throttled(status: 429, retryAfter: .zero)
        ),
        ("408 Late\r\ncontent-length: 0", .throttled(status: 408, retryAfter: nil)),
        ("503 Away\r\nretry-after: 5\r\ncontent-length: 0", .throttled(status: 503, retryAfter: .seconds(5))),
        ("503 Away\r\ncontent-length: 0", .serverError(status: 503)),
        ("500 Broken\r\ncontent-length: 0", .serverError(status: 500)),
        ("999 What\r\ncontent-length: 0", .connectionFailed(.protocolViolation)),
    ])
    func statusSaysWhatCameOfTheAttempt(head: String, expected: AttemptResult) async throws {
        #expect(try await result(of: .answer("HTTP/1.1 \(head)\r\n\r\n")) == expected)
    }

    @Test func redirectIsNotFollowed() async throws {
        try await withSender { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { target in
                let head =
                    "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:\(target.port)/\r\ncontent-length: 0\r\n\r\n"
                try await Receiver.with(.answer(head)) { receiver in
                    let result = await sender.send(task("http://127.0.0.1:\(receiver.port)"))
                    #expect(result == .redirected(status: 302))
                }
                #expect(target.requests.isEmpty)
            }
        }
    }

    @Test(arguments: [Receiver.Behaviour.hang, .trickle])
    func answerThatDoesNotComeEndsWithTheTimeout(behaviour: Receiver.Behaviour) async throws {
        #expect(try await result(of: behaviour, timeout: .milliseconds(200)) == .timedOut)
    }

    @Test func brokenConnectionIsSaidToBeOne() async throws {
        let result = try await result(of: .reset)
        #expect(result == .connectionFailed(.reset))
    }

    @Test func answerThatIsNoHTTPIsAViolation() async throws {
        let result = try await result(of: .answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"))
        #expect(result == .connectionFailed(.protocolViolation))
    }

    @Test func answerOfTenGigabytesCostsNothing() async throws {
        try await withSender { sender in
            try await Receiver.with(.flood) { receiver in
                let result = await sender.send(task("http://127.0.0.1:\(receiver.port)"))
                #expect(result == .delivered(status: 200))
                // What fits into the buffers on the way, and nothing near the rest.
                #expect(receiver.bytesWritten < 64 << 20)
            }
        }
    }

    @Test func connectionIsUsedAgain() async throws {
        try await withSender { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")) { receiver in
                for _ in 0..<20 {
                    #expect(await sender.send(task("http://127.0.0.1:\(receiver.port)")).isDelivered)
                }
                #expect(receiver.connections == 1)
            }
        }
    }

    @Test func requestIsSignedAndSaysWhatItIs() async throws {
        let secret = SigningSecret(minting: .shared)
        let secrets = NamedSecrets(known: ["default": try SigningSecrets([secret, SigningSecret(minting: .ed25519)])])
        try await withSender(secrets: secrets) { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                let task = task("http://user:pass@127.0.0.1:\(receiver.port)", reference: "default", attempt: 2)
                #expect(await sender.send(task).isDelivered)
                let request = try #require(receiver.requests.first)
                #expect(request.target == "/webhooks/evolution/clinic")
                #expect(request.body == body)
                #expect(request.headers["content-type"] == "application/json")
                #expect(request.headers["authorization"] == "Basic dXNlcjpwYXNz")
                #expect(request.headers["x-hookgate-attempt"] == "2")
                #expect(request.headers["webhook-id"] == task.event.id.text)
                let verdict = StandardWebhooksSignature.verify(
                    id: request.headers["webhook-id"], timestamp: request.headers["webhook-timestamp"],
                    signature: request.headers["webhook-signature"], body: request.body, at: Date(),
                    keys: [VerificationKey(secret)])
                #expect(verdict == .valid)
            }
        }
    }

    @Test func nothingIsSentUnsignedThatShouldBeSigned() async throws {
        try await withSender { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                let result = await sender.send(task("http://127.0.0.1:\(receiver.port)", reference: "lost"))
                #expect(result == .unsendable(.secretsMissing))
                #expect(receiver.connections == 0)
            }
        }
    }

    @Test func nobodyListensOrNobodyIsThere() async throws {
        try await withSender { sender in
            #expect(await sender.send(task("http://127.0.0.1:1")) == .connectionFailed(.refused))
            let unknown = await sender.send(task("http://nobody.invalid"))
            #expect(unknown == .connectionFailed(.nameResolution))
            #expect(await sender.send(task("nonsense")) == .unsendable(.invalidAddress))
        }
    }

    // MARK: - Addresses that others set

    @Test(arguments: [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0",
        "169.254.169.254", "10.0.0.1", "100.64.0.1",
    ])
    func addressOfThisMachineOrNetworkIsForbiddenInEveryNotation(host: String) async throws {
        try await withSender { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                let result = await sender.send(task("http://\(host):\(receiver.port)", trust: .configured))
                #expect(result == .forbiddenAddress)
                #expect(receiver.connections == 0)
            }
        }
    }

    @Test func nameThatMeansThisMachineIsForbidden() async throws {
        try await withSender {
            $0.resolve = { _ in [IPAddress(bytes: [127, 0, 0, 1])].compactMap(\.self) }
        } _: { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                let result = await sender.send(task("http://public.test:\(receiver.port)", trust: .configured))
                #expect(result == .forbiddenAddress)
                #expect(receiver.connections == 0)
            }
        }
    }

    /// The name is looked up once, and where the connection goes is what was found then: the name itself, which no
    /// server of names knows, is never asked for again.
    @Test func connectionGoesToTheAddressThatWasLookedAt() async throws {
        let lookUps = LookUps([127, 0, 0, 1])
        try await withSender {
            $0.resolve = { _ in lookUps.answer() }
            $0.allowsPrivateNetworks = true
        } _: { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                for _ in 0..<5 {
                    let result = await sender.send(task("http://pinned.invalid:\(receiver.port)", trust: .configured))
                    #expect(result == .delivered(status: 200))
                }
                #expect(lookUps.count == 1)
                #expect(receiver.requests.allSatisfy { $0.headers["host"] == "pinned.invalid:\(receiver.port)" })
            }
        }
    }

    @Test func nameIsLookedUpAgainWhenItsTimeIsOver() async throws {
        let lookUps = LookUps([127, 0, 0, 1], then: [127, 0, 0, 2])
        try await withSender {
            $0.resolve = { _ in lookUps.answer() }
            $0.allowsPrivateNetworks = true
            $0.addressLifetime = .zero
        } _: { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                let url = "http://moving.invalid:\(receiver.port)"
                #expect(await sender.send(task(url, trust: .configured)) == .delivered(status: 200))
                // Nobody listens at the second address: the kept connection to the first is not used for it.
                let moved = await sender.send(task(url, trust: .configured))
                #expect(moved == .connectionFailed(.refused))
                #expect(receiver.requests.count == 1)
            }
        }
    }

    @Test func keptHostsAreBounded() async throws {
        let lookUps = LookUps([127, 0, 0, 1])
        try await withSender {
            $0.resolve = { _ in lookUps.answer() }
            $0.allowsPrivateNetworks = true
            $0.keptHosts = 2
        } _: { sender in
            try await Receiver.with(.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) { receiver in
                for number in [0, 1, 2, 3, 0] {
                    let url = "http://host\(number).invalid:\(receiver.port)"
                    #expect(await sender.send(task(url, trust: .configured)).isDelivered)
                }
                // The first was forgotten, so it was looked up again.
                #expect(lookUps.count == 5)
            }
        }
    }

    // MARK: - TLS

    @Test func certificateIsCheckedAgainstTheNameAlthoughTheAddressIsPinned() async throws {
        let authority = try await TestAuthority.make(for: "name.test")
        let loopback = IPAddress(bytes: [127, 0, 0, 1])
        try await withSender {
            $0.resolve = { _ in [loopback].compactMap(\.self) }
            $0.allowsPrivateNetworks = true
            $0.authoritiesFile = authority.file
        } _: { sender in
            let answer = Receiver.Behaviour.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            try await Receiver.with(answer, tls: authority.server) { receiver in
                let good = await sender.send(task("https://name.test:\(receiver.port)", trust: .configured))
                #expect(good == .delivered(status: 200))
                let other = await sender.send(task("https://other.test:\(receiver.port)", trust: .configured))
                #expect(other == .connectionFailed(.tls))
                #expect(receiver.requests.count == 1)
            }
        }
        try await withSender {
            $0.resolve = { _ in [loopback].compactMap(\.self) }
            $0.allowsPrivateNetworks = true
        } _: { sender in
            let answer = Receiver.Behaviour.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            try await Receiver.with(answer, tls: authority.server) { receiver in
                let unknown = await sender.send(task("https://name.test:\(receiver.port)", trust: .configured))
                #expect(unknown == .connectionFailed(.tls))
            }
        }
    }
}
