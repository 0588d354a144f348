import HookgateCore
import HookgateTestSupport
import Testing

@testable import Gateway

/// Answers with what it was asked, and streams where the path says so.
private struct EchoingConsole: ConsoleResponder {
    func respond(to request: ConsoleRequest) async -> ConsoleResponse {
        if request.target == "/stream" {
            return ConsoleResponse(
                status: 200, contentType: "text/event-stream",
                body: .stream { stream in
                    for piece in ["one,", "two,", "three"] { try? await stream.write(Array(piece.utf8)) }
                })
        }
        let text = "\(request.method) \(request.target) \(String(decoding: request.body, as: UTF8.self))"
        return ConsoleResponse(
            status: request.target == "/missing" ? 404 : 200, contentType: "text/plain",
            headers: [("x-console", "yes")], body: .bytes(Array(text.utf8)))
    }
}

/// One port for webhooks and console.
@Suite(.timeLimit(.minutes(1)))
struct ConsoleRequestTests {
    /// Requests, each on a connection of its own.
    private func ask(_ gateway: TestGateway, _ requests: String...) async throws -> [RawResponse] {
        try await withServer(gateway) { port, _ in
            var responses: [RawResponse] = []
            for request in requests {
                let response = try await withConnection(port) { connection in try await connection.exchange(request) }
                responses.append(try #require(response))
            }
            return responses
        }
    }

    @Test func pipelinedRequestsOfBothKindsAreAnsweredInTheirOrder() async throws {
        let gateway = TestGateway(console: EchoingConsole())
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                let wire = [
                    Raw.post(), Raw.get("/events?state=parked"), Raw.post(Raw.namePath),
                    Raw.post("/login", "key=1"), Raw.get("/health"), Raw.chunked(["a", "bc"], "/api/v1/x"), Raw.post(),
                ]
                try await connection.send(wire.joined())
                var bodies: [String] = []
                for _ in wire { bodies.append(try #require(await connection.response()).body) }
                #expect(bodies[0].contains(#""status":"ok""#))
                #expect(bodies[1] == "GET /events?state=parked ")
                #expect(bodies[2].contains(#""status":"ok""#))
                #expect(bodies[3] == "POST /login key=1")
                #expect(bodies[4] == #"{"status":"ok"}"#)
                #expect(bodies[5] == "POST /api/v1/x abc")
                #expect(bodies[6].contains(#""status":"ok""#))
            }
        }
        #expect(gateway.service.consoleBudget.inUse == 0)
    }

    @Test func aStreamEndsWithItsConnection() async throws {
        try await withServer(TestGateway(console: EchoingConsole())) { port, _ in
            try await withConnection(port) { connection in
                try await connection.send(Raw.get("/stream"))
                let all = try await connection.remainder()
                #expect(all.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(all.contains("connection: close\r\n"))
                #expect(all.hasSuffix("\r\n\r\none,two,three"))
            }
        }
    }

    @Test func aBodyOverTheConsolesBoundIsRefused() async throws {
        let gateway = TestGateway(console: EchoingConsole()) { $0.consoleBodyBytes = 16 }
        let chunks = [String(repeating: "x", count: 10), String(repeating: "x", count: 10)]
        let answers = try await ask(
            gateway, Raw.post("/login", String(repeating: "x", count: 17)), Raw.chunked(chunks, "/login"),
            Raw.post("/login", "short"))
        #expect(answers.map(\.status) == [413, 413, 200])
        #expect(gateway.service.consoleBudget.inUse == 0)
    }

    @Test func moreRequestsThanMayBeInProgressAreTurnedAway() async throws {
        let gateway = TestGateway(console: EchoingConsole()) { $0.consoleRequests = 0 }
        #expect(try await ask(gateway, Raw.get("/"), Raw.post()).map(\.status) == [503, 200])
    }

    @Test func withoutAConsoleThereIsNothingBesideWebhooks() async throws {
        #expect(try await ask(TestGateway(), Raw.get("/")).map(\.status) == [404])
    }

    @Test func aListenerOfItsOwnHasNoWebhooks() async throws {
        let gateway = TestGateway()
        let answers = try await ask(
            gateway.consoleListener(EchoingConsole()), Raw.post(), Raw.get("/metrics"), Raw.get("/health"),
            Raw.get(Raw.namePath))
        #expect(answers[0].body.hasPrefix("POST /webhooks"))
        #expect(answers[1].body.contains("hookgate_spool_bytes 12\n"))
        #expect(answers[2].status == 200)
        #expect(answers[3].body.hasPrefix("GET /webhooks"))
        #expect(gateway.spool.events.isEmpty)
    }
}
