import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOHTTP1
import PostgresClient
import Testing

/// `hookgate test --deliver`: from the token URL to the clinic's backend.
@Suite(.timeLimit(.minutes(3)))
struct ProbeDeliveryTests {
    private struct Shown: Decodable {
        let result: String
        let eventId: String?
        let destination: String?
        let destinationStatus: Int?
    }

    /// A gateway that delivers to a receiver, and the probe's arguments.
    private func withGateway(
        answering status: HTTPResponseStatus,
        _ body: (OneIntegration, HookgateBinary, AlarmReceiver, [String]) async throws -> Void
    ) async throws {
        try await AlarmReceiver.listening(answering: status) { url, receiver in
            try await OneIntegration.with { stage in
                let hookgate = stage.hookgate(["HOOKGATE_DELIVER_URL": url])
                _ = try await hookgate.serving { address in
                    let isKnown = try await OneIntegration.time {
                        // Of a chat, so that the probe does not wait behind it.
                        try await OneIntegration.post(to: address).status == 200
                    }
                    #expect(isKnown < .seconds(10))
                    try await body(stage, hookgate, receiver, ["test", "-", "--url", address, "--json"])
                }
            }
        }
    }

    private func probe(_ hookgate: HookgateBinary, _ arguments: [String], ending code: Int32) async throws -> Shown {
        let ending = try await hookgate.run(arguments, input: OneIntegration.token.secretText + "\n")
        #expect(ending.exitCode == code, "\(ending.output)\(ending.complaint)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Shown.self, from: Data(ending.output.utf8))
    }

    private func state(_ stage: OneIntegration) async throws -> String {
        try await stage.database.pool.query("SELECT state FROM hookgate.events WHERE event = 'hookgate.probe'")[0]
            .decode("state")
    }

    @Test func probeReachesTheBackendOnlyWhereThatIsAskedFor() async throws {
        try await withGateway(answering: .accepted) { stage, hookgate, receiver, arguments in
            let kept = try await probe(hookgate, arguments, ending: 0)
            #expect(kept.destination == nil)
            #expect(try await state(stage) == "probe")
            try await stage.database.pool.query("DELETE FROM hookgate.events WHERE event = 'hookgate.probe'")
            let delivered = try await probe(hookgate, arguments + ["--deliver"], ending: 0)
            #expect(delivered.destination == "default" && delivered.destinationStatus == 202)
            #expect(try await state(stage) == "delivered")
            let probes = receiver.received.filter { $0.headers["x-hookgate-kind"] == "hookgate.probe" }
            #expect(probes.map { $0.headers["webhook-id"] } == [delivered.eventId])
        }
    }

    @Test func probeThatIsNotTakenIsTriedOnceAndSaysWhatWasAnswered() async throws {
        try await withGateway(answering: .internalServerError) { stage, hookgate, receiver, arguments in
            let refused = try await hookgate.run(
                arguments.dropLast() + ["--deliver"], input: OneIntegration.token.secretText + "\n")
            #expect(refused.exitCode == 1)
            #expect(refused.output.contains("did not take it: server_error (status 500)"), "\(refused.output)")
            #expect(try await state(stage) == "probe")
            #expect(receiver.received.count { $0.headers["x-hookgate-kind"] == "hookgate.probe" } == 1)
        }
    }
}
