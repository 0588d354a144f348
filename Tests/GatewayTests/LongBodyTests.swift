import HookgateCore
import HookgateTestSupport
import NIOCore
import Testing

@testable import Gateway

/// Bodies that go to the disk as they come, over a real socket.
@Suite(.timeLimit(.minutes(1))) struct LongBodyTests {
    private static func gateway(
        _ world: [RoutingChange] = Sample.world(), resident: Bool = true, spool: InMemorySpool.Behaviour = .stores,
        _ change: (inout GatewayLimits) -> Void = { _ in }
    ) -> TestGateway {
        TestGateway(world, resident: resident, spool: spool) {
            $0.longBodyBytes = 4_000
            $0.pieceBytes = 1_000
            $0.smallBodyBytes = 500
            // A machine that runs every test at once is slow, and no test here is about time.
            ($0.headerTime, $0.bodyTime, $0.storeTime, $0.drainTime) = (
                .minutes(1), .minutes(1), .minutes(1), .minutes(1)
            )
            change(&$0)
        }
    }

    private static func body(_ byteCount: Int = 200_000, end: String = #""}}}"#) -> String {
        let head =
            #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"id":"A1"},"message":{"base64":""#
        return head + String(repeating: "Q", count: byteCount - head.utf8.count - end.utf8.count) + end
    }

    private static func ask(_ gateway: TestGateway, _ requests: String...) async throws -> [RawResponse] {
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                var responses: [RawResponse] = []
                for request in requests { responses.append(try #require(await connection.exchange(request))) }
                return responses
            }
        }
    }

    @Test func aLongBodyIsStoredAsItCameAndTheConnectionLivesOn() async throws {
        let gateway = Self.gateway()
        let responses = try await Self.ask(
            gateway, Raw.post(Raw.tokenPath, Self.body()), Raw.post(Raw.tokenPath, Self.body(4_001)), Raw.post())
        #expect(responses.map(\.status) == [200, 200, 200])
        #expect(
            gateway.spool.events.map(\.body) == [Self.body(), Self.body(4_001), Sample.body].map { Array($0.utf8) })
        let event = try #require(gateway.spool.events.first)
        #expect(event.disposition == .pending)
        #expect(event.facts.messageID == "A1")
        #expect(gateway.service.budget.inUse == 0)
    }

    @Test func aLongBodyInChunksIsTheSame() async throws {
        let gateway = Self.gateway()
        let body = Self.body()
        let chunks = stride(from: 0, to: 200_000, by: 700).map { start in
            let from = body.utf8.index(body.startIndex, offsetBy: start)
            return String(body.utf8[from...].prefix(700)) ?? ""
        }
        #expect(try await Self.ask(gateway, Raw.chunked(chunks)).map(\.status) == [200])
        #expect(gateway.spool.events.map(\.body) == [Array(body.utf8)])
    }

    @Test func aLongBodyThatIsNoJSONIs400WithItsPlace() async throws {
        let gateway = Self.gateway()
        let broken = Self.body(end: #""}}"#)
        let response = try await Self.ask(gateway, Raw.post(Raw.tokenPath, broken))[0]
        #expect(response.status == 400)
        #expect(response.body.contains("not JSON at byte 200000"))
        #expect(gateway.spool.events.isEmpty)
        #expect(gateway.service.budget.inUse == 0)
    }

    @Test func aStrangersLongBodyIs404WhateverItIs() async throws {
        let path = "/webhooks/evolution/whatsapp/\(Sample.otherToken.secretText)"
        for body in [Self.body(), Self.body(end: "")] {
            let gateway = Self.gateway([], resident: false)
            #expect(try await Self.ask(gateway, Raw.post(path, body))[0].status == 404)
            #expect(gateway.spool.events.isEmpty)
        }
    }

    @Test(arguments: [SpoolError.full, .diskScarce, .diskFailed("EIO"), .closed])
    func aLongBodyThatCannotBeStoredIs503(error: SpoolError) async throws {
        let gateway = Self.gateway(spool: .fails(error))
        let response = try await Self.ask(gateway, Raw.post(Raw.tokenPath, Self.body()))[0]
        #expect(response.status == 503)
        #expect(response.headers["retry-after"] == "5")
        #expect(gateway.service.budget.inUse == 0)
    }

    @Test func aBodyOverTheLimitIs413WhereverThatShows() async throws {
        let chunks = [String](repeating: String(repeating: " ", count: 5_000), count: 30)
        for request in [Raw.post(Raw.tokenPath, Self.body()), Raw.chunked(chunks)] {
            let gateway = Self.gateway { $0.bodyBytes = 100_000 }
            #expect(try await Self.ask(gateway, request)[0].status == 413)
            #expect(gateway.spool.events.isEmpty)
        }
    }

    @Test func aSenderThatGoesAwayAmidALongBodyLeavesNothing() async throws {
        let gateway = Self.gateway()
        let head = "POST \(Raw.tokenPath) HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n"
        try await withServer(gateway) { port, server in
            try await withConnection(port) { connection in
                try await connection.send(head + String(Self.body().prefix(100_000)))
            }
        }
        // The server has ended, and with it every connection and what was under way for it.
        #expect(gateway.spool.events.isEmpty)
        #expect(gateway.metrics.tokenRequests[.stored].count == 0)
    }

    @Test func aLongProbeIsProvenByItsDigest() async throws {
        let gateway = Self.gateway()
        let body = Self.body(5_000)
        let key = try #require(ProbeKey(TestGateway.probeKeyBytes))
        let header = ProbeSignature.sign(Array(body.utf8), at: TimeSource.system.now, nonce: "nonce-nonce", with: key)
        let request = Raw.post(Raw.tokenPath, body, headers: ["X-Hookgate-Probe: \(header)"])
        #expect(try await Self.ask(gateway, request)[0].body.contains(#""probe":true"#))
        #expect(gateway.spool.events.first?.disposition == .probe)
    }

    @Test func aLongHeldBodyCountsWithAllItsBytes() async throws {
        let gateway = Self.gateway(Sample.world(enabled: false))
        #expect(try await Self.ask(gateway, Raw.post(Raw.tokenPath, Self.body()))[0].status == 200)
        #expect(gateway.quarantine.status.bytes == 200_000)
    }
}
