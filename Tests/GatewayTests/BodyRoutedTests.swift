import HookgateCore
import HookgateTestSupport
import Testing

@testable import Gateway

/// Webhooks at URLs that name nobody: the oldest ones, and those of a webhook for all instances at once.
@Suite(.timeLimit(.minutes(1)))
struct BodyRoutedTests {
    private static let paths = [
        "/webhooks/whatsapp", "/webhooks/evolution", "/webhooks/evolution/", "/webhooks/whatsapp/messages-upsert",
        "/webhooks/evolution/messages-upsert", "/webhooks/evolution/whatsapp",
        "/webhooks/evolution/whatsapp/messages-upsert",
    ]

    private func ask(_ gateway: TestGateway, _ request: String) async throws -> RawResponse {
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                try #require(await connection.exchange(request))
            }
        }
    }

    private static func body(_ instance: String) -> String {
        #"{"event":"messages.upsert","instance":"\#(instance)"}"#
    }

    @Test(arguments: paths, [true, false])
    func itIsHeldUnderTheIntegrationThatTheBodyNames(path: String, isResident: Bool) async throws {
        let gateway = TestGateway(resident: isResident)
        let response = try await ask(gateway, Raw.post(path, Self.body(Sample.name.text)))
        let event = try #require(gateway.spool.events.first)
        #expect(response.status == 200)
        #expect(response.body == #"{"status":"quarantined","id":"\#(event.id)","reason":"body_routed"}"#)
        #expect(response.headers["deprecation"] != nil)
        #expect(event.integrationID == Sample.integrationID())
        #expect(event.instanceName == Sample.name)
        #expect(event.route == .instance)
    }

    @Test(arguments: paths)
    func aStrangersBodyIsHeldUnderNobodysName(path: String) async throws {
        for body in [Self.body("stranger"), #"{"event":"call"}"#, #"{"instance":"\u0000"}"#] {
            let gateway = TestGateway()
            #expect(try await ask(gateway, Raw.post(path, body)).status == 200)
            let event = try #require(gateway.spool.events.first)
            #expect(event.disposition == .quarantined(.bodyRouted))
            #expect((event.integrationID, event.instanceName) == (nil, nil))
        }
    }

    @Test func strangersTogetherHaveOneBound() async throws {
        let gateway = TestGateway(quarantineLimits: QuarantineLimits(events: 2, bytes: 1 << 20))
        let answers = try await withServer(gateway) { port, _ in
            var answers: [Int] = []
            // Who is known, the last, has a bound of his own.
            for name in ["a", "b", "c", Sample.name.text] {
                let response = try await withConnection(port) { connection in
                    try #require(await connection.exchange(Raw.post("/webhooks/evolution", Self.body(name))))
                }
                answers.append(response.status)
            }
            return answers
        }
        #expect(answers == [200, 200, 503, 200])
    }

    @Test func aNameOfALegacyTableIsKept() async throws {
        let gateway = TestGateway([])
        gateway.source.addLegacyName(Sample.name)
        #expect(try await ask(gateway, Raw.post("/webhooks/whatsapp", Self.body(Sample.name.text))).status == 200)
        #expect(gateway.spool.events.first?.instanceName == Sample.name)
        #expect(gateway.spool.events.first?.disposition == .quarantined(.bodyRouted))
    }

    @Test func whatIsNoBodyIsStillRefused() async throws {
        let gateway = TestGateway()
        #expect(try await ask(gateway, Raw.post("/webhooks/whatsapp", "nope")).status == 400)
        #expect(gateway.spool.events.isEmpty)
    }

    @Test func anInstanceThatIsCalledLikeAnEventIsStillItself() async throws {
        let gateway = TestGateway([.integration(Sample.entry(name: InstanceName("call")))])
        #expect(try await ask(gateway, Raw.post("/webhooks/evolution/call", "{}")).status == 200)
        #expect(gateway.spool.events.first?.disposition == .pending)
    }
}
