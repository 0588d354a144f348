import Crypto
import FoundationEssentials
import HookgateTestSupport
import NIOHTTP1
import Synchronization
import Testing

@testable import EvolutionSimulator

/// What goes out when something happens to an instance, release by release.
@Suite(.timeLimit(.minutes(1)))
struct DeliveryTests {
    private final class Stage: Sendable {
        let simulator: EvolutionSimulator
        let clock = ManualClock()
        let settled = Milestone()

        init(_ release: String, globalURL: String? = nil) throws {
            let settled = settled
            var options = SimulatorOptions()
            options.globalKey = "GLOBAL"
            options.jitter = { 0 }
            options.globalWebhookURL = globalURL
            options.whenSettled = { _ in settled.reach() }
            simulator = EvolutionSimulator(
                profile: try #require(ServerProfile(release)), options: options, clock: clock)
        }

        var attempts: [[DeliveryRecord.Attempt]] { simulator.deliveries.map(\.attempts) }
        var ends: [DeliveryRecord.State] { simulator.deliveries.map(\.state) }
    }

    @Test(arguments: ["1.7.5", "1.8.6", "2.1.0", "2.2.3", "2.3.7", "2.4.0"])
    func aMessageArrivesInTheReleasesForm(release: String) async throws {
        let receiver = WebhookReceiver()
        try await receiver.serve { base in
            let stage = try Stage(release)
            stage.simulator.add("clinic 1", token: "KEY", webhook: base + "/hook", owner: "15550101001")
            stage.simulator.receiveMessage("Olá", of: "clinic 1")
            await stage.settled.wait(for: 1)
            let arrival = try #require(receiver.arrivals.first)
            #expect(arrival.method == "POST" && arrival.path == "/hook")
            #expect(arrival.headers["content-type"] == ["application/json"])
            #expect(arrival.headers["accept"] == ["application/json, text/plain, */*"])
            #expect(arrival.headers.contains(name: "x-event-type") == (release == "2.4.0"))
            let body = try #require(arrival.json)
            let names = try #require(body.members?.map(\.name))
            #expect(
                names == ["event", "instance", "data", "destination", "date_time", "sender", "server_url", "apikey"])
            #expect(body["instance"] == .text("clinic 1") && body["sender"] == .text("15550101001@s.whatsapp.net"))
            #expect(body["data"]?["message"]?["conversation"] == .text("Olá"))
            #expect((body["data"]?["owner"] != nil) == release.hasPrefix("1."))
            #expect(stage.ends == [.delivered])
            await stage.simulator.stop()
        }
    }

    @Test(arguments: [("1.7.5", 1), ("2.1.0", 1), ("1.8.6", 10), ("2.2.3", 10)])
    func failuresAreTriedAgainAsTheReleaseDoes(release: String, attempts: Int) async throws {
        let receiver = WebhookReceiver(answers: Array(repeating: 404, count: 20))
        try await receiver.serve { base in
            let stage = try Stage(release)
            stage.simulator.add("a", webhook: base)
            stage.simulator.receiveMessage("x", of: "a")
            for _ in 1..<attempts {
                await stage.clock.waitForSleepers(1)
                stage.clock.advance(by: .seconds(30))
            }
            await stage.settled.wait(for: 1)
            #expect(stage.attempts == [Array(repeating: .status(404), count: attempts)])
            #expect(stage.ends == [.givenUp])
            await stage.simulator.stop()
        }
    }

    @Test func theNewerReleasesWaitLongerAndLonger() {
        let pauses = (1...9).map { RetryPolicy.growing.pause(after: $0, jitter: 0) }
        #expect(pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300].map { .seconds($0) })
        #expect(RetryPolicy.growing.pause(after: 2, jitter: 1) == .seconds(12))
        #expect(RetryPolicy.growing.pause(after: 1, jitter: -1) == .seconds(5))
    }

    @Test(arguments: [400, 401, 403, 404, 422])
    func someStatusesAreFinalSince23(status: Int) async throws {
        let receiver = WebhookReceiver(answers: [status])
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", webhook: base)
            stage.simulator.receiveMessage("x", of: "a")
            await stage.settled.wait(for: 1)
            #expect(stage.attempts == [[.status(status)]] && stage.ends == [.givenUp])
            await stage.simulator.stop()
        }
    }

    @Test func aRetryGoesWhereTheSettingsPointedWhenTheEventHappened() async throws {
        let receiver = WebhookReceiver(answers: [500])
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", webhook: base + "/old")
            stage.simulator.receiveMessage("x", of: "a")
            await stage.clock.waitForSleepers(1)
            stage.simulator.edit("a", url: base + "/new")
            stage.clock.advance(by: .seconds(5))
            await stage.settled.wait(for: 1)
            #expect(receiver.arrivals.map(\.path) == ["/old", "/old"])
            #expect(Set(receiver.arrivals.map(\.body)).count == 1)
            await stage.simulator.stop()
        }
    }

    @Test func aRestartForgetsWhatWaited() async throws {
        let receiver = WebhookReceiver(answers: [500])
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", webhook: base)
            stage.simulator.receiveMessage("x", of: "a")
            await stage.clock.waitForSleepers(1)
            stage.simulator.restart()
            await stage.settled.wait(for: 1)
            #expect(stage.ends == [.lost] && receiver.arrivals.count == 1)
            await stage.simulator.stop()
        }
    }

    @Test(arguments: [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
    func redirectsAreFollowedAsAxiosDoes(status: Int, method: String) async throws {
        let receiver = WebhookReceiver(redirects: ["/moved": (status, "/here")])
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", webhook: base + "/moved")
            stage.simulator.receiveMessage("x", of: "a")
            await stage.settled.wait(for: 1)
            let arrival = try #require(receiver.arrivals.first)
            #expect(arrival.method == method && arrival.path == "/here")
            #expect(arrival.body.isEmpty == (method == "GET"))
            // The loss is silent: it counts as delivered.
            #expect(stage.ends == [.delivered])
            await stage.simulator.stop()
        }
    }

    @Test func aLoopOfRedirectsEnds() async throws {
        let receiver = WebhookReceiver(redirects: ["/a": (307, "/b"), "/b": (307, "/a")])
        try await receiver.serve { base in
            let stage = try Stage("2.1.0")
            stage.simulator.add("a", webhook: base + "/a")
            stage.simulator.receiveMessage("x", of: "a")
            await stage.settled.wait(for: 1)
            #expect(stage.attempts == [[.failed]])
            await stage.simulator.stop()
        }
    }

    @Test func headersAndTheBearerAreSent() async throws {
        let receiver = WebhookReceiver()
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", token: "KEY", webhook: base)
            try await stage.simulator.start()
            let answer = try await Caller(base: stage.simulator.baseURL).call(
                "POST", "/webhook/set/a", key: "KEY",
                json: #"{"webhook":{"enabled":true,"url":"\#(base)","headers":{"X-Any":"v","jwt_key":"secret"},"#
                    + #""byEvents":true,"events":["MESSAGES_UPSERT"]}}"#)
            #expect(answer.status == 201)
            stage.simulator.receiveMessage("x", of: "a")
            await stage.settled.wait(for: 1)
            let arrival = try #require(receiver.arrivals.first)
            #expect(arrival.path == "//messages-upsert" || arrival.path == "/messages-upsert")
            #expect(arrival.headers["x-any"] == ["v"] && !arrival.headers.contains(name: "jwt_key"))
            let bearer = try #require(arrival.headers.first(name: "authorization"))
            let parts = bearer.dropFirst("Bearer ".count).split(separator: ".").map(String.init)
            try #require(parts.count == 3)
            let expected = HMAC<SHA256>.authenticationCode(
                for: Array("\(parts[0]).\(parts[1])".utf8), using: SymmetricKey(data: Array("secret".utf8)))
            let padded = parts[2].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 } + ["="]
            #expect(Data(base64Encoded: String(padded)) == Data(expected))
            await stage.simulator.stop()
        }
    }

    @Test func whatIsNotSubscribedToIsNotSent() async throws {
        let receiver = WebhookReceiver()
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", webhook: base, events: ["MESSAGES_UPSERT"])
            stage.simulator.add("no webhook")
            stage.simulator.emit("groups.update", .list([]), of: "a")
            stage.simulator.emit("connection.update", .object([]), of: "a")
            stage.simulator.receiveMessage("x", of: "no webhook")
            stage.simulator.receiveMessage("x", of: "a")
            await stage.settled.wait(for: 1)
            #expect(stage.simulator.deliveries.map(\.event) == ["messages.upsert"])
            await stage.simulator.stop()
        }
    }

    @Test func anAwaitedEventHoldsUpTheInstance() async throws {
        let receiver = WebhookReceiver(answers: [500])
        try await receiver.serve { base in
            let stage = try Stage("2.3.7")
            stage.simulator.add("a", webhook: base)
            stage.simulator.emit("messages.edited", .object([]), of: "a")
            stage.simulator.receiveMessage("behind", of: "a")
            await stage.clock.waitForSleepers(1)
            #expect(stage.simulator.deliveries.map(\.event) == ["messages.edited"])
            stage.clock.advance(by: .seconds(5))
            await stage.settled.wait(for: 2)
            #expect(stage.simulator.deliveries.map(\.event) == ["messages.edited", "messages.upsert"])
            await stage.simulator.stop()
        }
    }

    @Test func theGlobalWebhookGetsACopy() async throws {
        let receiver = WebhookReceiver()
        try await receiver.serve { base in
            let stage = try Stage("2.3.7", globalURL: base + "/global")
            stage.simulator.add("a", webhook: base + "/own")
            stage.simulator.receiveMessage("x", of: "a")
            await stage.settled.wait(for: 2)
            #expect(Set(receiver.arrivals.map(\.path)) == ["/global", "/own"])
            await stage.simulator.stop()
        }
    }
}
