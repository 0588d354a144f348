import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOEmbedded
import Testing

@testable import Gateway

/// What one integration may have in progress, and that it is its own share alone.
@Suite(.timeLimit(.minutes(1))) struct TenantLimitTests {
    /// Two integrations with their tokens.
    private static let world: [RoutingChange] =
        Sample.world() + [
            .integration(Sample.entry(2, name: InstanceName("clinic-xyz"))),
            .token(Sample.otherToken.digest, Sample.integrationID(2), .current, revision: 1),
        ]
    private static let otherPath = "/webhooks/evolution/whatsapp/\(Sample.otherToken.secretText)"
    private static let otherBody = #"{"event":"messages.upsert","instance":"clinic-xyz"}"#

    @Test func webhooksOverOnesShareAre503ForOneselfAlone() throws {
        let gateway = TestGateway(Self.world, spool: .holds) { $0.tenantRequests = 2 }
        let busy = try [Raw.tokenPath, Raw.namePath].map { path in
            let wire = try Wire(gateway)
            try wire.arrive(Raw.post(path))
            return wire
        }
        // Whichever address it comes to: both lead to one integration.
        for path in [Raw.tokenPath, Raw.namePath] {
            let third = try Wire(gateway)
            try third.arrive(Raw.post(path))
            let response = try #require(try third.response())
            #expect(response.status == 503 && response.headers["retry-after"] == "5")
            #expect(third.isOpen)
        }
        let other = try Wire(gateway)
        try other.arrive(Raw.post(Self.otherPath, Self.otherBody))
        #expect(gateway.spool.events.count == 3)
        gateway.spool.release()
        for wire in busy + [other] { #expect(try wire.response()?.status == 200) }
        #expect(gateway.service.tenants.count == 0)
        #expect(gateway.metrics.tokenRequests[.tenantOverloaded].count == 1)
        try busy[0].arrive(Raw.post())
        #expect(gateway.spool.events.count == 4)
    }

    @Test func bytesOverOnesShareAre503ForOneselfAlone() throws {
        let gateway = TestGateway(Self.world) { $0.tenantBodyBytes = 1_000 }
        let half = #"{"a":""# + String(repeating: "x", count: 700)
        let head = { (path: String) in "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" }
        let first = try Wire(gateway)
        try first.arrive(head(Raw.tokenPath) + half)
        let second = try Wire(gateway)
        try second.arrive(head(Raw.namePath) + half)
        #expect(try second.response()?.status == 503)
        let other = try Wire(gateway)
        try other.arrive(head(Self.otherPath) + half)
        #expect(try other.response() == nil)
        let rest = String(repeating: "x", count: 900 - half.utf8.count - 2) + #""}"#
        for wire in [first, other] {
            try wire.arrive(rest)
            #expect(try wire.response()?.status == 200)
        }
        #expect(gateway.service.tenants.count == 0)
        #expect(gateway.service.budget.inUse == 0)
    }

    /// It would be refused again at every try.
    @Test func onlyWebhookOfAnIntegrationMayBeLongerThanTheShare() throws {
        let wire = try Wire(TestGateway { $0.tenantBodyBytes = 10 })
        try wire.arrive(Raw.post())
        #expect(try wire.response()?.status == 200)
    }

    /// What is written to the disk is out of memory, and out of the share.
    @Test func longBodiesTakeOfTheShareWhatIsInMemoryAlone() async throws {
        // One turn of a loop reads up to a megabyte from a socket before it can be told to wait.
        let share = 4 << 20
        let gateway = TestGateway { limits in
            limits.longBodyBytes = 8 << 10
            limits.pieceBytes = 64 << 10
            limits.tenantBodyBytes = share
            // What is tried here is no deadline.
            limits.storeTime = .seconds(60)
        }
        let body = #"{"event":"x","text":""# + String(repeating: "x", count: 2 * share) + #""}"#
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { first in
                try await withConnection(port) { second in
                    let half = Raw.post(Raw.tokenPath, body).utf8
                    try await first.send(Array(half.prefix(share)))
                    #expect(try await second.exchange(Raw.post(Raw.namePath, body))?.status == 200)
                    try await first.send(Array(half.dropFirst(share)))
                    #expect(try await first.response()?.status == 200)
                }
            }
        }
        #expect(gateway.service.tenants.count == 0)
        #expect(gateway.service.budget.inUse == 0)
    }

    /// Whichever way a webhook ends, its share is free again.
    @Test func shareIsGivenBackHoweverAWebhookEnds() throws {
        let gateway = TestGateway { limits in
            limits.tenantRequests = 1
            limits.bodyBytes = 2_000
        }
        let unfinished =
            "POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n"
        let died = try Wire(gateway)
        try died.arrive(unfinished)
        #expect(gateway.service.tenants.count == 1)
        _ = try? died.channel.finish(acceptAlreadyClosed: true)
        #expect(gateway.service.tenants.count == 0)
        let late = try Wire(gateway)
        try late.arrive(unfinished)
        late.pass(gateway.service.limits.bodyTime + .seconds(1))
        #expect(try late.response()?.status == 408)
        let long = try Wire(gateway)
        try long.arrive(unfinished + "7d0\r\n" + String(repeating: "x", count: 2_000))
        #expect(try long.response()?.status == 413)
        let garbage = try Wire(gateway)
        try garbage.arrive(unfinished + "zz\r\n")
        #expect(try garbage.response()?.status == 400)
        let malformed = try Wire(gateway)
        try malformed.arrive(Raw.post(Raw.tokenPath, "nonsense"))
        #expect(try malformed.response()?.status == 400)
        #expect(gateway.service.tenants.count == 0)
        #expect(gateway.service.budget.inUse == 0)
    }

    @Test func timedOutWebhookKeepsItsShareUntilTheSpoolAnswers() throws {
        let gateway = TestGateway(spool: .holds) { $0.tenantRequests = 1 }
        let wire = try Wire(gateway)
        try wire.arrive(Raw.post())
        wire.pass(gateway.service.limits.storeTime + .seconds(1))
        #expect(try wire.response()?.status == 503)
        #expect(gateway.service.tenants.count == 1)
        gateway.spool.release()
        #expect(gateway.service.tenants.count == 0)
    }

    /// Tokens can be made up without end; each of them a share of its own would be a share of everything.
    @Test func strangersShareOneShareAndNamesHaveTheirOwn() throws {
        let gateway = TestGateway(Self.world)
        let intake = gateway.service.intake
        let made = (0..<4).map { WebhookToken(randomBytes: [UInt8](repeating: 200 + $0, count: 32)) }
        #expect(Set(made.map { intake.tenant(of: .token($0.digest)) }) == [.strangers])
        let names = ["a", "b"].map { RoutingKey.instance(InstanceName($0)) }
        #expect(Set(names.map { intake.tenant(of: $0) }) == Set(names.map { .address($0) }))
        #expect(intake.tenant(of: .token(Sample.digest)) == .integration(Sample.integrationID()))
        #expect(intake.tenant(of: .instance(Sample.name)) == .integration(Sample.integrationID()))
        // While the table may lack something, a token that it has not may be anybody's.
        let unsure = TestGateway(resident: false).service.intake
        #expect(unsure.tenant(of: .token(Sample.digest)) == .address(.token(Sample.digest)))
    }

    /// A request's whole time is bounded: what is sent behind it does not put its answer off.
    @Test func whatIsSentBehindAWebhookDoesNotPutItsAnswerOff() throws {
        let gateway = TestGateway(spool: .holds)
        let wire = try Wire(gateway)
        try wire.arrive(Raw.post())
        var passed = TimeAmount.zero
        for character in "POST /webhooks" {
            wire.pass(.seconds(1))
            passed = passed + .seconds(1)
            if try wire.response()?.status == 503 { break }
            try wire.arrive(String(character))
        }
        #expect(passed <= gateway.service.limits.storeTime + .seconds(1))
    }

    @Test func bodyThatComesByteByByteEndsAtItsTime() throws {
        let gateway = TestGateway()
        let wire = try Wire(gateway)
        try wire.arrive("POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{")
        var passed = TimeAmount.zero
        while passed < .seconds(1_000), try wire.response()?.status != 408 {
            wire.pass(.seconds(1))
            passed = passed + .seconds(1)
            if wire.isOpen { try wire.arrive(" ") }
        }
        #expect(passed <= gateway.service.limits.bodyTime + .seconds(2))
        #expect(gateway.service.budget.inUse == 0)
    }

    /// Many that never get anywhere, and an ordinary webhook between each of their bytes.
    @Test func slowSendersAreHarmlessToOthers() async throws {
        let gateway = TestGateway(Self.world) {
            // A busy machine makes them slower still.
            $0.headerTime = .minutes(5)
            $0.bodyTime = .minutes(5)
        }
        let slow = Array(Raw.post().utf8)
        let crowd = 64
        try await withServer(gateway) { port, _ in
            try await SlowSender.with(crowd, port: port) { senders in
                try await withConnection(port) { connection in
                    for byte in slow.dropLast() {
                        for sender in senders { try await sender.write(byte) }
                        let response = try await connection.exchange(Raw.post(Self.otherPath, Self.otherBody))
                        #expect(response?.status == 200)
                    }
                }
                #expect(gateway.spool.events.count == slow.count - 1)
                for sender in senders { try await sender.write(slow[slow.count - 1]) }
                for sender in senders { #expect(try await sender.status == 200) }
            }
        }
        #expect(gateway.spool.events.count == slow.count - 1 + crowd)
    }
}
