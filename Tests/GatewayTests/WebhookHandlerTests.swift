import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

/// The connection's state machine, on a channel whose time the test moves.
struct WebhookHandlerTests {
    @Test func webhookIsStoredAndTheConnectionLivesOn() throws {
        let wire = try Wire(TestGateway())
        for _ in 0..<3 {
            try wire.arrive(Raw.post())
            let response = try #require(try wire.response())
            #expect(response.status == 200)
            #expect(response.headers["connection"] == nil)
        }
        #expect(wire.isOpen)
        #expect(wire.gateway.spool.events.count == 3)
        #expect(wire.gateway.service.budget.inUse == 0)
        #expect(wire.gateway.source.asked.isEmpty)
    }

    @Test func answerWaitsForTheSpool() throws {
        let wire = try Wire(TestGateway(spool: .holds))
        try wire.arrive(Raw.post())
        #expect(try wire.response() == nil)
        #expect(wire.gateway.service.budget.inUse == Sample.body.utf8.count)
        wire.gateway.spool.release()
        #expect(try wire.response()?.status == 200)
        #expect(wire.gateway.service.budget.inUse == 0)
    }

    @Test func bodyMayComeByteByByte() throws {
        let wire = try Wire(TestGateway())
        for character in Raw.post().unicodeScalars { try wire.arrive(String(character)) }
        #expect(try wire.response()?.status == 200)
        #expect(wire.gateway.spool.events.first?.body == Array(Sample.body.utf8))
    }

    @Test func pipelinedRequestsAreAnsweredOneAfterTheOther() throws {
        let wire = try Wire(TestGateway(spool: .holds))
        try wire.arrive(Raw.post() + Raw.get("/health") + Raw.post(Raw.namePath))
        #expect(try wire.response() == nil)
        #expect(wire.gateway.spool.events.count == 1)
        wire.gateway.spool.release()
        #expect(try wire.response()?.body.hasPrefix(#"{"status":"ok","id":"#) == true)
        #expect(try wire.response()?.body == #"{"status":"ok"}"#)
        #expect(try wire.response()?.headers["deprecation"] != nil)
        #expect(try wire.response() == nil)
    }

    @Test func nothingIsReadWhilePipelinedRequestsWait() throws {
        let gateway = TestGateway(spool: .holds)
        let wire = try Wire(gateway)
        let reads = ReadCounter()
        try wire.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        try wire.arrive(Raw.post() + Raw.post())
        wire.channel.read()
        #expect(reads.count == 0)
        gateway.spool.release()
        #expect(reads.count == 1)
    }

    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var count = 0

        func read(context: ChannelHandlerContext) {
            self.count += 1
            context.read()
        }
    }

    @Test func endlessPipelineIsCutAfterWhatWasTaken() throws {
        let wire = try Wire(TestGateway(spool: .holds) { $0.backlogParts = 4 })
        try wire.arrive(String(repeating: Raw.post(), count: 10))
        wire.gateway.spool.release()
        var answered = 0
        while try wire.response() != nil { answered += 1 }
        #expect((1...3).contains(answered))
        #expect(!wire.isOpen)
    }

    @Test func expectationIsAnsweredBeforeTheBody() throws {
        let wire = try Wire(TestGateway())
        let request = Raw.post(headers: ["Expect: 100-continue"])
        let split = request.index(request.endIndex, offsetBy: -Sample.body.count)
        try wire.arrive(String(request[..<split]))
        #expect(try wire.response()?.status == 100)
        try wire.arrive(String(request[split...]))
        #expect(try wire.response()?.status == 200)
    }

    @Test func refusedExpectationGetsItsAnswerInstead() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive(
            "POST /webhooks/evolution/whatsapp/hgw_wrong HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                + "Content-Length: 10\r\n\r\n")
        let response = try #require(try wire.response())
        #expect(response.status == 404)
        #expect(response.headers["connection"] == "close")
    }

    @Test func longBodiesLeaveAQuarterOfTheMemoryToOrdinaryOnes() throws {
        let ordinary = Raw.post()
        let gateway = TestGateway {
            $0.smallBodyBytes = Sample.body.utf8.count
            $0.inFlightBodyBytes = 4_000
        }
        let head = "POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"
        let wires = try (0..<2).map { _ in try Wire(gateway) }
        try wires[0].arrive(head + "{" + String(repeating: " ", count: 2_899))
        #expect(try wires[0].response() == nil)
        try wires[1].arrive(head + "{" + String(repeating: " ", count: 899))
        #expect(try wires[1].response()?.status == 503)
        let third = try Wire(gateway)
        try third.arrive(ordinary)
        #expect(try third.response()?.status == 200)
    }

    @Test func slowBodyGets408() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive("POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{")
        for _ in 0..<59 {
            wire.pass(.seconds(1))
            try wire.arrive(" ")
        }
        #expect(try wire.response() == nil)
        wire.pass(.seconds(1))
        let response = try #require(try wire.response())
        #expect(response.status == 408)
        #expect(response.headers["connection"] == "close")
        #expect(wire.isOpen)
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
        #expect(wire.gateway.service.budget.inUse == 0)
        #expect(wire.gateway.metrics.tokenRequests[.timedOut].count == 1)
    }

    @Test func slowHeadGets408() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive(Raw.post())
        #expect(try wire.response()?.status == 200)
        try wire.arrive("POST /webhooks/evo")
        for _ in 0..<9 {
            wire.pass(.seconds(1))
            try wire.arrive("x")
        }
        #expect(try wire.response() == nil)
        wire.pass(.seconds(1))
        #expect(try wire.response()?.status == 408)
    }

    @Test func silentNewConnectionIsClosed() throws {
        let wire = try Wire(TestGateway())
        wire.pass(.seconds(10))
        #expect(!wire.isOpen)
        #expect(try wire.response() == nil)
    }

    @Test func idleConnectionIsClosedAfterItsTimeAndNotBefore() throws {
        let wire = try Wire(TestGateway())
        for _ in 0..<5 {
            try wire.arrive(Raw.post())
            #expect(try wire.response()?.status == 200)
            wire.pass(.seconds(74))
            #expect(wire.isOpen)
        }
        wire.pass(.seconds(1))
        #expect(!wire.isOpen)
        #expect(try wire.response() == nil)
    }

    @Test func spoolThatDoesNotAnswerIs503AndItsLateAnswerIsCounted() throws {
        let wire = try Wire(TestGateway(spool: .holds))
        try wire.arrive(Raw.post())
        wire.pass(.seconds(5))
        let response = try #require(try wire.response())
        #expect(response.status == 503)
        #expect(response.headers["retry-after"] == "5")
        #expect(wire.isOpen)
        wire.gateway.spool.release()
        #expect(try wire.response() == nil)
        #expect(wire.gateway.metrics.lateStores.count == 1)
        try wire.arrive(Raw.post())
        #expect(try wire.response()?.status == 200)
    }

    @Test func declaredBodyOverTheLimitIs413AndDrained() throws {
        let wire = try Wire(TestGateway { $0.bodyBytes = 100 })
        try wire.arrive("POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n")
        let response = try #require(try wire.response())
        #expect(response.status == 413)
        #expect(response.headers["connection"] == "close")
        for _ in 0..<199 { try wire.arrive(String(repeating: "x", count: 1_000)) }
        #expect(wire.isOpen)
        try wire.arrive(String(repeating: "x", count: 1_000))
        #expect(!wire.isOpen)
        #expect(wire.gateway.spool.events.isEmpty)
    }

    @Test func drainingEndsAtItsBytesAndAtItsTime() throws {
        for usesBytes in [true, false] {
            let wire = try Wire(
                TestGateway { limits in
                    limits.bodyBytes = 100
                    limits.drainBytes = 5_000
                })
            try wire.arrive("POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n")
            #expect(try wire.response()?.status == 413)
            try wire.arrive(String(repeating: "x", count: 5_000))
            #expect(wire.isOpen)
            if usesBytes { try wire.arrive("x") } else { wire.pass(.seconds(2)) }
            #expect(!wire.isOpen)
        }
    }

    @Test func chunkedBodyOverTheLimitIs413() throws {
        let wire = try Wire(TestGateway { $0.bodyBytes = 100 })
        try wire.arrive(Raw.chunked(["{" + String(repeating: " ", count: 98), "  }"]))
        #expect(try wire.response()?.status == 413)
        #expect(wire.gateway.service.budget.inUse == 0)
    }

    @Test func bodiesOverTheSharedBoundAre503() throws {
        let gateway = TestGateway(spool: .holds) { $0.inFlightBodyBytes = Sample.body.utf8.count + 10 }
        let (first, second) = (try Wire(gateway), try Wire(gateway))
        try first.arrive(Raw.post())
        try second.arrive(Raw.post())
        let response = try #require(try second.response())
        #expect(response.status == 503)
        #expect(response.headers["retry-after"] == "5")
        gateway.spool.release()
        #expect(try first.response()?.status == 200)
        #expect(gateway.service.budget.inUse == 0)
    }

    @Test func malformedTokenWithALongBodyIsRefusedUnread() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive(
            "POST /webhooks/evolution/whatsapp/hgw_wrong HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
        #expect(try wire.response()?.status == 404)
        #expect(wire.gateway.source.asked.isEmpty)
    }

    @Test func malformedTokenWithAShortBodyKeepsTheConnection() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive(Raw.post("/webhooks/evolution/whatsapp/hgw_wrong"))
        #expect(try wire.response()?.status == 404)
        try wire.arrive(Raw.post())
        #expect(try wire.response()?.status == 200)
        #expect(wire.gateway.source.asked.isEmpty)
    }

    @Test func connectionOverTheBoundIsToldAndClosed() throws {
        let wire = try Wire(TestGateway(), admission: .refused)
        try wire.arrive(Raw.post())
        let response = try #require(try wire.response())
        #expect(response.status == 503)
        #expect(response.headers["retry-after"] == "5")
        #expect(!wire.isOpen)
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        "POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func requestThatIsNotHTTPIs400(request: String) throws {
        let wire = try Wire(TestGateway())
        try? wire.arrive(request)
        let response = try #require(try wire.response())
        #expect(response.status == 400)
        #expect(response.headers["content-type"] == "application/problem+json")
        #expect(response.headers["connection"] == "close")
        #expect(wire.gateway.service.budget.inUse == 0)
    }

    @Test func garbageBehindARequestIsAnsweredAfterIt() throws {
        let wire = try Wire(TestGateway(spool: .holds))
        try? wire.arrive(Raw.post() + "GARBAGE\r\n\r\n")
        #expect(try wire.response() == nil)
        wire.gateway.spool.release()
        #expect(try wire.response()?.status == 200)
        #expect(try wire.response()?.status == 400)
    }

    @Test func headersOverTheBoundAre431() throws {
        let wire = try Wire(TestGateway())
        let long = (0..<20).map { "X-\($0): " + String(repeating: "a", count: 1_000) }
        try? wire.arrive(Raw.post(headers: long))
        #expect(try wire.response()?.status == 431)
    }

    @Test func senderThatClosesItsHalfStillGetsTheAnswer() throws {
        let wire = try Wire(TestGateway(spool: .holds))
        try wire.arrive(Raw.post())
        wire.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        wire.gateway.spool.release()
        #expect(try wire.response()?.headers["connection"] == "close")
        #expect(!wire.isOpen)
    }

    @Test func shutdownClosesIdleConnectionsAndAnswersBusyOnes() throws {
        let gateway = TestGateway(spool: .holds)
        let (idle, late) = (try Wire(gateway), try Wire(gateway))
        let (busy, reading) = (try Wire(gateway), try Wire(gateway))
        try busy.arrive(Raw.post())
        try reading.arrive("POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{")
        for wire in [idle, late, busy, reading] {
            wire.channel.pipeline.fireUserInboundEventTriggered(ConnectionRegistry.ShutdownEvent())
        }
        #expect(idle.isOpen)
        idle.pass(GatewayLimits().drainTime)
        #expect(!idle.isOpen)
        try late.arrive(Raw.post())
        try reading.arrive("}")
        gateway.spool.release()
        for wire in [busy, reading, late] {
            let response = try #require(try wire.response())
            #expect(response.status == 200)
            #expect(response.headers["connection"] == "close")
            #expect(!wire.isOpen)
        }
    }

    @Test func connectionThatDiesGivesItsBytesBack() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive("POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{}")
        #expect(wire.gateway.service.budget.inUse == 2)
        try wire.channel.close().wait()
        #expect(wire.gateway.service.budget.inUse == 0)
        #expect(wire.gateway.metrics.tokenRequests[.aborted].count == 1)
    }

    @Test func oldHTTPIsToldWhetherTheConnectionLives() throws {
        let wire = try Wire(TestGateway())
        let request = Raw.post(headers: ["Connection: keep-alive"]).replacing("HTTP/1.1", with: "HTTP/1.0")
        try wire.arrive(request)
        #expect(try wire.response()?.headers["connection"] == "keep-alive")
        try wire.arrive(Raw.post().replacing("HTTP/1.1", with: "HTTP/1.0"))
        #expect(try wire.response()?.headers["connection"] == "close")
        #expect(!wire.isOpen)
    }

    @Test func answerToHeadHasNoBody() throws {
        let wire = try Wire(TestGateway())
        try wire.arrive(Raw.get("/health", method: "HEAD") + Raw.get("/health"))
        let head = try #require(try wire.response(isHead: true))
        #expect(head.status == 200)
        #expect(head.headers["content-length"] == "15")
        #expect(try wire.response()?.body == #"{"status":"ok"}"#)
    }
}
