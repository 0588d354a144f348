import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

/// No patient's word and no secret leaves the place where it belongs, whatever a gateway is sent and whichever command
/// prints: everything that a busy hour produces is searched.
@Suite(.timeLimit(.minutes(5)))
struct SecretSearchTests {
    private static func withEvolution(_ body: (EvolutionSimulator) async throws -> Void) async throws {
        var options = SimulatorOptions()
        options.globalKey = "ChaveDaEvolutionS10"
        let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
        try await simulator.start()
        simulator.add(
            "clinic-a", token: "ApiKeyDaInstanciaS1",
            webhook: "http://127.0.0.1:9/webhooks/evolution/whatsapp/\(SecretFleet.original)", owner: "15550101001")
        do {
            try await body(simulator)
        } catch {
            Issue.record(error)
        }
        await simulator.stop()
    }

    /// A gateway and every verb beside it, and what both leave in Redis.
    private static func work(
        in database: TestDatabase, _ directory: String, redis: RedisServer, evolution: EvolutionSimulator,
        _ evidence: Evidence
    ) async throws {
        let settings = SecretFleet.settings(redis: redis, evolution: evolution.baseURL)
        let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory, settings: settings)
        _ = try await hookgate.serving(log: directory + ".log") { address in
            let sender = SecretSender(address: address, evidence: evidence)
            async let oddities: Void = sender.oddities()
            #expect(try await sender.everything() == [200, 400, 403, 404, 503])
            try await SecretCommands(hookgate: hookgate, evidence: evidence).everything(beside: address)
            // Once more, now that a second factor is asked for and tokens have changed.
            _ = try await sender.everything()
            for path in ["/metrics", "/health", "/health/ready"] { try await sender.get(path) }
            try await oddities
        }
        // Nobody lets this one in: what it takes is undecided, and waits.
        let alone = HookgateBinary(
            databaseURL: database.url(as: "hookgate_stranger"), dataDirectory: directory,
            settings: settings.filter { $0.key != "REDIS_URL" })
        let commands = SecretCommands(hookgate: alone, evidence: evidence)
        _ = try await alone.serving(log: directory + ".log") { address in
            let sender = SecretSender(address: address, evidence: evidence)
            let body = SecretFleet.bodies("clinic-a", number: 77)[0]
            #expect(try await sender.post(body, to: "whatsapp/\(SecretFleet.stranger.secretText)") == 200)
            try await sender.get("/health/ready")
            for arguments in [["spool", "status"], ["spool", "verify"], ["check"]] { try await commands.run(arguments) }
        }
        try await commands.run(["spool", "ship", directory, "--dry-run"])
        try await commands.run(["spool", "ship", directory, "--dry-run", "--json"])
        try await SecretPlaces.collect(redis, evidence)
    }

    @Test func nothingIsFoundWhereItDoesNotBelong() async throws {
        let directory = "/tmp/hookgate-secrets-\(UUID().uuidString)"
        defer {
            try? FileManager.default.removeItem(atPath: directory)
            try? FileManager.default.removeItem(atPath: directory + ".log")
        }
        let evidence = Evidence()
        try await withSchema { database in
            try await SecretFleet.fill(database)
            try await withRedis(password: "SenhaDoRedisS8") { redis in
                try await Self.withEvolution { evolution in
                    try await Self.work(in: database, directory, redis: redis, evolution: evolution, evidence)
                }
            }
            try await SecretPlaces.collect(database, evidence)
        }
        try SecretPlaces.collect(directory: directory, evidence)
        let log = String(decoding: FileManager.default.contents(atPath: directory + ".log") ?? Data(), as: UTF8.self)
        evidence.add("log", log)
        for tag in ["Token Async", "Token cache HIT", "Token cache MISS", "❌", "count="] {
            #expect(log.contains(tag), "operators search for it")
        }

        // The search finds what is there.
        #expect(!evidence.findings(SecretFleet.words) { $0 != SecretPlaces.bodies }.isEmpty)
        #expect(!evidence.findings(SecretFleet.tokens) { $0 != SecretPlaces.keepsakes }.isEmpty)
        for place in [
            "log", "Redis", "database", "answer 200", "answer 400", "answer 403", "answer 404", "answer 503",
            "raw answer 408", "raw answer 413", "raw answer 415", "raw answer 431", "raw answer 505",
            "page /metrics", "command explain -", "command webhooks switch", SecretPlaces.segments,
        ] {
            #expect(evidence.size(of: place) > 0, "\(place)")
        }
        let isOwnPlace = { $0 == SecretPlaces.keepsakes || $0.hasPrefix(SecretPlaces.segments) }
        let words = evidence.findings(SecretFleet.words) {
            $0 == SecretPlaces.bodies || $0.hasPrefix(SecretPlaces.segments)
        }
        #expect(words.isEmpty)
        let tokens = evidence.findings(SecretFleet.tokens, except: isOwnPlace)
        #expect(tokens.isEmpty)
        let secrets = evidence.findings(SecretFleet.secrets, except: isOwnPlace)
        #expect(secrets.isEmpty)
    }

    @Test func theSearchFindsEveryForm() {
        let canaries = Canaries(texts: ["TenhoDorDeDenteQ1"])
        let bytes = Array("TenhoDorDeDenteQ1".utf8)
        let hex = bytes.map { String($0, radix: 16) }.joined()
        #expect(canaries.found(in: "x TenhoDorDeDenteQ1 y").count == 1)
        #expect(canaries.found(in: "\\x00\(hex)00").count == 1)
        #expect(canaries.found(in: hex.uppercased()).count == 1)
        for before in 0..<6 {
            let padded = [UInt8](repeating: 7, count: before) + bytes + [9, 9]
            #expect(canaries.found(in: "\"\(Data(padded).base64EncodedString())\"").count == 1)
        }
        #expect(canaries.found(in: "TenhoDorDeDente").isEmpty)
    }
}
