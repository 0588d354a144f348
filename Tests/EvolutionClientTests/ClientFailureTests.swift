import EvolutionClient
import EvolutionSimulator
import HookgateCore
import HookgateTestSupport
import Testing

/// What goes wrong at a server, as the client tells it.
@Suite(.timeLimit(.minutes(1)))
struct ClientFailureTests {
    private static let settings = EvolutionWebhookSettings(
        url: "https://new.example.test/x", isEnabled: true, events: ["MESSAGES_UPSERT"])

    private static func failure(
        _ mode: FailureMode, times: Int?, _ call: (EvolutionClient) async throws -> Void
    ) async throws -> EvolutionFailure? {
        var found: EvolutionFailure?
        try await ReleaseTests.withServer("2.3.7") { client, simulator in
            _ = try await client.release()
            simulator.inject(mode, times: times)
            do {
                try await call(client)
            } catch let error as EvolutionFailure {
                found = error
            }
        }
        return found
    }

    @Test(arguments: [
        (FailureMode.licenceInactive, EvolutionFailure.licenceInactive), (.keyRefused, .keyRefused),
        (.instanceGone, .instanceUnknown(ReleaseTests.name)), (.gatewayError, .gatewayFault(status: 502)),
        (.tooManyRequests, .tooManyRequests), (.redirect, .redirected(status: 301)),
    ])
    func eachFailureIsToldApart(mode: FailureMode, expected: EvolutionFailure) async throws {
        let read = try await Self.failure(mode, times: nil) { _ = try await $0.webhook(of: ReleaseTests.name) }
        #expect(read == expected)
        let change = try await Self.failure(mode, times: nil) {
            try await $0.setWebhook(Self.settings, of: ReleaseTests.name)
        }
        #expect(change == expected)
    }

    @Test(arguments: [FailureMode.gatewayError, .tooManyRequests, .truncatedAnswer])
    func aReadIsTriedAgain(mode: FailureMode) async throws {
        let failure = try await Self.failure(mode, times: 2) { _ = try await $0.webhook(of: ReleaseTests.name) }
        #expect(failure == nil)
    }

    @Test(arguments: [FailureMode.gatewayError, .resetBeforeWrite, .resetAfterWrite, .failAfterWrite])
    func aChangeWhoseOutcomeIsOpenIsNotSentAgain(mode: FailureMode) async throws {
        let failure = try await Self.failure(mode, times: 1) {
            try await $0.setWebhook(Self.settings, of: ReleaseTests.name)
        }
        #expect(failure?.leavesOutcomeOpen == true)
    }

    @Test func aChangeThatWasTurnedAwayIsSentAgain() async throws {
        let failure = try await Self.failure(.tooManyRequests, times: 2) {
            try await $0.setWebhook(Self.settings, of: ReleaseTests.name)
        }
        #expect(failure == nil)
    }

    @Test func aServerThatIsNotThereIsUnreachable() async throws {
        var options = EvolutionClientOptions()
        options.retryPauses = []
        let client = EvolutionClient(name: "gone", url: "http://127.0.0.1:1", key: "SECRET", options: options)
        do throws(EvolutionFailure) {
            _ = try await client.webhook(of: ReleaseTests.name)
            Issue.record("something answered")
        } catch {
            guard case .unreachable = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!"\(error)".contains("SECRET"))
        }
    }

    @Test func aWrongKeyIsSaidAndNotShown() async throws {
        try await ReleaseTests.withServer("2.3.7", key: "WRONG-SECRET") { client, _ in
            do throws(EvolutionFailure) {
                _ = try await client.webhook(of: ReleaseTests.name)
                Issue.record("the key was taken")
            } catch {
                #expect(error == .keyRefused && !"\(error)".contains("WRONG-SECRET"))
            }
        }
    }

    @Test func aMissingInstanceIsNotAMissingRoute() async throws {
        try await ReleaseTests.withServer("2.3.7") { client, simulator in
            let nobody = InstanceName("nobody")
            await #expect(throws: EvolutionFailure.instanceUnknown(nobody)) { try await client.webhook(of: nobody) }
            simulator.add("ghost", isLoaded: false)
            let ghost = InstanceName("ghost")
            let connection = try await client.connection(of: ghost)
            #expect(connection == .notLoaded)
            await #expect(throws: EvolutionFailure.instanceNotLoaded(ghost)) {
                try await client.setWebhook(Self.settings, of: ghost)
            }
            let elsewhere = EvolutionClient(name: "path", url: simulator.baseURL + "/api", key: "GLOBAL")
            await #expect(throws: EvolutionFailure.unrouted("GET /webhook/find")) {
                try await elsewhere.webhook(of: nobody)
            }
        }
    }

    /// What a welcome may meet that the other calls do not: no answer, a proxy's page, a redirect to the manager.
    @Test(arguments: [(FailureMode.truncatedAnswer, 3), (.gatewayError, 3), (.redirect, 1)])
    func aReleaseThatDoesNotSayIsKnownByItsAnswers(mode: FailureMode, times: Int) async throws {
        for release in ["1.8.6", "2.3.7"] {
            try await ReleaseTests.withServer(release) { client, simulator in
                simulator.add("used", webhook: "https://old.example.test/x")
                simulator.inject(mode, times: times)
                let found = try await client.release()
                #expect(found.version == nil)
                #expect(found.dialect == (release == "1.8.6" ? .flatSnake : .nested))
            }
        }
    }
}
