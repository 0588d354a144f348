import EvolutionSimulator
import HookgateTestSupport
import Testing

/// The simulator against what the real releases answered, over HTTP.
@Suite(.timeLimit(.minutes(1)))
struct GoldenTests {
    private static let knownID = "8a1d4b0e-0000-4000-8000-000000000001"

    /// Calls that were made between two recorded ones, as the state after them shows.
    private static let unrecorded: [String: (method: String, path: String, body: String)] = [
        "1.8.6|find: after disable": (
            "POST", "/webhook/set/acme", #"{"url":"https://old.example.test/x","enabled":false,"events":[]}"#
        ),
        "2.2.3|set: enabled with empty events = all events": (
            "POST", "/webhook/set/acme",
            #"{"webhook":{"enabled":true,"url":"https://gw.example.test/","headers":{},"byEvents":false,"base64":true,"#
                + #""events":["MESSAGES_UPSERT"]}}"#
        ),
    ]

    @Test(arguments: ["1.8.6", "2.2.3", "2.3.7"])
    func everyRecordedAnswerIsGivenAgain(release: String) async throws {
        let records = try Self.records().filter { $0["version"]?.text == release }
        #expect(records.count >= 16)
        var options = SimulatorOptions()
        options.globalKey = "GLOBAL"
        let clock = ManualClock()
        let simulator = EvolutionSimulator(
            profile: try #require(ServerProfile(release)), options: options, clock: clock)
        simulator.add("acme", id: Self.knownID, token: "ACME-TOKEN")
        if !release.hasPrefix("1.") { simulator.add("ghost", isLoaded: false) }
        try await simulator.start()
        let caller = Caller(base: simulator.baseURL)
        for record in records {
            let name = try #require(record["case"]?.text)
            if let call = Self.unrecorded["\(release)|\(name)"] {
                _ = try await caller.call(call.method, call.path, json: call.body)
            }
            // 1.x shows a set a moment after it has answered; whoever recorded this waited.
            clock.advance(by: .milliseconds(50))
            let answer = try await Self.replay(record, on: caller)
            let expected = try #require(record["response"])
            #expect(expected["status"] == .number("\(answer.status)"), "\(release), \(name)")
            let body = try #require(expected["body"])
            #expect(
                answer.body.matches(body),
                "\(release), \(name): \(String(decoding: answer.body.encoded, as: UTF8.self))")
        }
        await simulator.stop()
    }

    @Test func theRecordingHasEveryPair() throws {
        #expect(try Self.records().count == 71)
    }

    private static func records() throws -> [WireJSON] {
        try #require(WireJSONReader.read(Fixtures.bytes("evolution-rest/golden.json"))["records"]?.items)
    }

    private static func replay(_ record: WireJSON, on caller: Caller) async throws -> Caller.Answer {
        let request = try #require(record["request"])
        return try await caller.call(
            try #require(request["method"]?.text), try #require(request["path"]?.text), key: request["apikey"]?.text,
            type: request["content_type"]?.text ?? "application/json",
            body: request["body_raw"]?.text.map { Array($0.utf8) } ?? request["body"]?.encoded)
    }
}
