import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// No patient's word and no secret leaves the place where it belongs, whatever a gateway is sent and whichever command
/// prints: everything that a busy hour produces is searched.
@Suite(.timeLimit(.minutes(4)))
struct SecretSearchTests {
    private static let current = WebhookToken(randomBytes: Array(100...131))
    private static let retired = WebhookToken(randomBytes: Array(101...132))
    private static let revoked = WebhookToken(randomBytes: Array(102...133))
    private static let disabled = WebhookToken(randomBytes: Array(103...134))
    private static let stranger = WebhookToken(randomBytes: Array(104...135))
    private static let original = "0badcafe0badcafe0badcafe0badcafe"
    /// Its last character is not what the checksum wants.
    private static let misspelt = String(WebhookToken(randomBytes: Array(105...136)).secretText.dropLast()) + "!"

    private static let tokens = Canaries(
        texts: [current, retired, revoked, disabled, stranger].map { String($0.secretText.dropFirst(4)) }
            + [original, String(misspelt.dropFirst(4).dropLast())])

    private static let words = Canaries(texts: [
        "TenhoDorDeDenteQ1", "MinhaMaeEstaDoenteQ2", "DonaMariaDoCarmoQ3", "LegendaDaRadiografiaQ4",
        "PalavraEmCorpoCortadoQ5", "PalavraDoErroQ6", "NomeDoGrupoDaFamiliaQ7", "RespostaCitadaQ8",
    ])

    private static let secrets = Canaries(texts: [
        "ApiKeyDaInstanciaS1", "ApiKeyGlobalS2", "eyJhbGciOiJIUzI1NiJ9.c2VncmVkbw.S3S3S3", "CodigoDePareamentoS4",
        "QRCodeEmBase64S5", "SegredoNoCabecalhoS6", "ChaveDoBearerS7", "SenhaDoRedisS8", "TokenDoAdminS9",
        "ChaveDaEvolutionS10", "SegundoFatorS11", "CaminhoDoAlarmeS12", "U2VncmVkb0RhRW50cmVnYTEyMzQ1Njc4OTA=",
    ])

    /// What was produced, and where.
    private final class Evidence: Sendable {
        private let pieces = Mutex<[(place: String, bytes: [UInt8])]>([])

        func add(_ place: String, _ bytes: [UInt8]) { pieces.withLock { $0.append((place, bytes)) } }
        func add(_ place: String, _ text: String) { add(place, Array(text.utf8)) }

        /// The size of everything of a place.
        func size(of place: String) -> Int {
            pieces.withLock { $0.filter { $0.place.hasPrefix(place) }.reduce(0) { $0 + $1.bytes.count } }
        }

        func findings(_ canaries: Canaries, except isExempt: (String) -> Bool = { _ in false }) -> [String] {
            pieces.withLock { pieces in
                pieces.filter { !isExempt($0.place) }
                    .flatMap { piece in canaries.found(in: piece.bytes).map { "\(piece.place): \($0)" } }
            }
        }
    }

    // MARK: The world

    private static func fill(_ database: TestDatabase) async throws {
        try await LegacyFleet.make(3, in: database)
        for (name, token, isEnabled) in [
            ("clinic-a", current.secretText, true), ("clinic-b", disabled.secretText, false),
            ("clinic-c", retired.secretText, true), ("clinic-d", revoked.secretText, true),
            ("clinic-e", original, true),
        ] {
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled,
                    webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance_name', $1::text), $2, $3)
                """, [name, isEnabled, token])
        }
        try await database.pool.execute(
            script: """
                UPDATE public.evolution_instances SET config = config || '{"apikey": "ApiKeyDaInstanciaS1"}';
                UPDATE healthcare.integrations SET webhook_token = 'another-token-of-nobody-1'
                WHERE config->>'instance_name' = 'clinic-d';
                UPDATE hookgate.tokens SET state = 'grace', grace_until = now() - interval '1 hour'
                WHERE digest = sha256(convert_to('\(retired.secretText)', 'UTF8'));
                """)
    }

    /// Bodies of every kind, each with words and secrets at the places where Evolution has them.
    private static func bodies(_ instance: String, number: Int) -> [String] {
        let tail =
            #""destination":"http://h/webhooks/evolution/whatsapp/\#(current.secretText)","#
            + #""date_time":"2026-01-01T00:00:0\#(number % 10)Z","sender":"5511999990000@s.whatsapp.net","#
            + #""server_url":"http://e","apikey":"ApiKeyDaInstanciaS1","api_key":"ApiKeyGlobalS2""#
        func body(_ event: String, _ data: String) -> String {
            #"{"event":"\#(event)","instance":"\#(instance)","data":\#(data),\#(tail)}"#
        }
        return [
            body(
                "messages.upsert",
                #"{"key":{"remoteJid":"5511999990000@s.whatsapp.net","id":"ID\#(number)","fromMe":false},"pushName":"#
                    + #""DonaMariaDoCarmoQ3","message":{"conversation":"TenhoDorDeDenteQ1"}}"#),
            body(
                "messages.upsert",
                #"{"key":{"remoteJid":"5511999990000@s.whatsapp.net","id":"IM\#(number)"},"message":{"imageMessage":{"#
                    + #""caption":"LegendaDaRadiografiaQ4"}},"contextInfo":{"quotedMessage":{"conversation":"RespostaCitadaQ8"}}}"#
            ),
            body("groups.upsert", #"[{"subject":"NomeDoGrupoDaFamiliaQ7"}]"#),
            body(
                "qrcode.updated",
                #"{"qrcode":{"pairingCode":"CodigoDePareamentoS4","code":"QRCodeEmBase64S5","base64":"QRCodeEmBase64S5"}}"#
            ),
            body("new.jwt", #"{"jwt":"eyJhbGciOiJIUzI1NiJ9.c2VncmVkbw.S3S3S3"}"#),
            body("error", #"{"error":"PalavraDoErroQ6","message":["MinhaMaeEstaDoenteQ2"]}"#),
        ]
    }

    // MARK: Sending

    private static func post(_ body: String, to url: String, _ evidence: Evidence) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "authorization", value: "Bearer ChaveDoBearerS7")
        request.headers.add(name: "x-webhook-secret", value: "SegredoNoCabecalhoS6")
        request.headers.add(name: "x-hookgate-probe", value: "SegredoNoCabecalhoS6")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let answer = String(buffer: try await response.body.collect(upTo: 1 << 20))
        evidence.add("answer \(response.status.code)", "\(response.headers) \(answer)")
        return Int(response.status.code)
    }

    /// Bytes that no HTTP client would send.
    private static func sendRaw(_ bytes: String, to address: String, _ evidence: Evidence) async throws {
        let port = address.split(separator: ":").last.map(String.init) ?? ""
        let script = #"exec 3<>/dev/tcp/127.0.0.1/"$0"; cat >&3; timeout 5 cat <&3"#
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", script, port], input: .string(bytes), output: .string(limit: 1 << 20),
            error: .discarded)
        evidence.add("raw answer", result.standardOutput)
    }

    private static func sendEverything(to address: String, _ evidence: Evidence) async throws -> Set<Int> {
        let base = "\(address)/webhooks/evolution"
        var statuses: Set<Int> = []
        let targets = [
            ("clinic-a", "whatsapp/\(current.secretText)"),
            ("clinic-a", "whatsapp/\(current.secretText)/messages-upsert"),
            ("clinic-z", "whatsapp/\(current.secretText)"), ("clinic-b", "whatsapp/\(disabled.secretText)"),
            ("clinic-c", "whatsapp/\(retired.secretText)"), ("clinic-d", "whatsapp/\(revoked.secretText)"),
            ("clinic-e", "whatsapp/\(original)"), ("clinic-a", "whatsapp/\(stranger.secretText)"),
            ("clinic-a", "whatsapp/\(misspelt)"), ("clinic-a", "clinic-a"), ("clinic-1", "clinic-1"),
            ("nobody", "nobody"), ("clinic-a", "\(current.secretText)"),
        ]
        for (index, target) in targets.enumerated() {
            for body in bodies(target.0, number: index) + [
                #"{"data":"PalavraEmCorpoCortadoQ5"#, "PalavraEmCorpoCortadoQ5",
            ] {
                statuses.insert(try await post(body, to: "\(base)/\(target.1)", evidence))
            }
        }
        // Byte for byte what came before.
        statuses.insert(
            try await post(bodies("clinic-a", number: 0)[0], to: "\(base)/\(targets[0].1)", evidence))
        let path = "/webhooks/evolution/whatsapp/\(current.secretText)"
        for raw in [
            "GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
            "POST \(path) HTTP/9.9\r\nX: SegredoNoCabecalhoS6\r\n\r\n",
            "POST \(path)\u{1} HTTP/1.1\r\nX-Webhook-Secret: SegredoNoCabecalhoS6\r\n\r\nTenhoDorDeDenteQ1",
            "TenhoDorDeDenteQ1 \(path) ChaveDoBearerS7\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "SegredoNoCabecalhoS6", count: 2_000))\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nTenhoDorDeDenteQ1\r\n",
        ] {
            try await sendRaw(raw, to: address, evidence)
        }
        return statuses
    }

    // MARK: Collecting

    private static func get(_ url: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
        return String(buffer: try await response.body.collect(upTo: 8 << 20))
    }

    private static func runCommands(_ hookgate: HookgateBinary, _ address: String, _ evidence: Evidence) async throws {
        let listing = try await hookgate.run("events", "list", "--limit", "200", "--json")
        let ids = Set(listing.output.split(separator: "\"").map(String.init).filter { UUID(uuidString: $0) != nil })
        var commands: [([String], String)] = [
            ["config"], ["config", "--json"], ["check"], ["check", "--json"], ["tokens"], ["tokens", "--verbose"],
            ["tokens", "--json"], ["migrate", "--dry-run", "--verbose"], ["migrate", "--dry-run", "--json"],
            ["migrate"],
            ["migrate", "verify"], ["migrate", "runs"], ["migrate", "runs", "--json"], ["doctor"],
            ["doctor", "--json"],
            ["doctor", "--fix"], ["schema", "status"], ["schema", "apply", "--dry-run"], ["events", "list"],
            ["quarantine", "list"], ["quarantine", "list", "--json"], ["quarantine", "release", "--all", "--dry-run"],
            ["quarantine", "discard", "--reason", "token_retired", "--note", "old", "--yes"],
            ["spool", "status"], ["spool", "status", "--json"], ["spool", "verify"], ["spool", "verify", "--json"],
            ["tokens", "rotate", "clinic-a", "--dry-run"], ["tokens", "rotate", "clinic-e", "--grace", "1h", "--yes"],
            ["tokens", "revoke", "clinic-b", "--dry-run"], ["explain", "clinic-a"], ["explain", "nobody"],
            ["explain", "\(address)/webhooks/evolution/whatsapp/\(current.secretText)"], ["nonsense"],
        ].map { ($0, "") }
        for token in [current, retired, revoked, stranger].map(\.secretText) + [original, misspelt] {
            commands.append((["explain", "-"], token + "\n"))
        }
        for token in [current.secretText, original] {
            commands.append((["test", "-", "--url", address], token + "\n"))
            commands.append((["tokens", "rotate", token, "--yes"], ""))
            commands.append((["tokens", "revoke", token, "--yes"], ""))
        }
        for id in ids.sorted().prefix(4) {
            commands.append((["events", "show", id], ""))
            commands.append((["explain", id, "--json"], ""))
        }
        for (arguments, input) in commands {
            let ending = try await hookgate.run(arguments, input: input)
            let name = "command \(arguments.prefix(2).joined(separator: " "))"
            evidence.add(name, ending.output)
            evidence.add("\(name), standard error", ending.complaint)
        }
    }

    private static func collectRedis(_ redis: RedisServer, _ evidence: Evidence) async throws {
        let script = """
            local all = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
                all[#all + 1] = key
                local kind = redis.call('TYPE', key).ok
                if kind == 'string' then all[#all + 1] = redis.call('GET', key) end
                if kind == 'hash' then for _, v in ipairs(redis.call('HGETALL', key)) do all[#all + 1] = v end end
                if kind == 'stream' then all[#all + 1] = cjson.encode(redis.call('XRANGE', key, '-', '+')) end
            end
            return all
            """
        let result = try await Subprocess.run(
            .path("/usr/bin/redis-cli"),
            arguments: ["-s", redis.socket, "-a", "SenhaDoRedisS8", "--raw", "EVAL", script, "0"],
            output: .bytes(limit: 8 << 20), error: .discarded)
        evidence.add("Redis", result.standardOutput)
    }

    /// The database by PostgreSQL's own tool, in three parts: what may hold words, what may hold tokens, the rest.
    private static func collectDatabase(_ database: TestDatabase, _ evidence: Evidence) async throws {
        let places = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql").sorted()
        let tool = "/usr/lib/postgresql/\(try #require(places.last))/bin/pg_dump"
        let ownPlaces = ["healthcare.integrations", "public.evolution_instances"]
        let parts: [(String, [String])] = [
            ("database", (["hookgate.event_bodies*"] + ownPlaces).map { "--exclude-table=\($0)" }),
            ("database: bodies", ["--table=hookgate.event_bodies*"]),
            ("database: integrations and legacy tables", ownPlaces.map { "--table=\($0)" }),
        ]
        for (place, arguments) in parts {
            let result = try await Subprocess.run(
                .path(.init(tool)), arguments: Arguments(["--dbname=\(database.url)"] + arguments),
                output: .bytes(limit: 64 << 20), error: .string(limit: 1 << 20))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            evidence.add(place, result.standardOutput)
        }
    }

    private static func names(below folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).flatMap { name -> [String] in
            var isFolder = false
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder), isFolder else {
                return [name]
            }
            return try names(below: "\(folder)/\(name)").map { "\(name)/\($0)" }
        }
    }

    private static func collectFiles(_ directory: String, _ evidence: Evidence) throws {
        for name in try names(below: directory) {
            guard let bytes = FileManager.default.contents(atPath: "\(directory)/\(name)") else { continue }
            // Raw bodies wait in these until the inbox has them.
            let isSegment = name.hasPrefix("spool/") && (name.hasSuffix(".log") || name.hasSuffix(".segment"))
            evidence.add(isSegment ? "segment \(name)" : "file \(name)", Array(bytes))
        }
    }

    @Test func nothingIsFoundWhereItDoesNotBelong() async throws {
        let directory = "/tmp/hookgate-secrets-\(UUID().uuidString)"
        defer {
            try? FileManager.default.removeItem(atPath: directory)
            try? FileManager.default.removeItem(atPath: directory + ".log")
        }
        let evidence = Evidence()
        try await withSchema { database in
            try await Self.fill(database)
            try await withRedis(password: "SenhaDoRedisS8") { redis in
                let settings = [
                    "LOG_LEVEL": "trace", "REDIS_URL": "redis+unix://:SenhaDoRedisS8@\(redis.socket)",
                    "HOOKGATE_ADMIN_TOKEN": "TokenDoAdminS9", "EVOLUTION_API_URL": "http://127.0.0.1:9",
                    "EVOLUTION_API_KEY": "ChaveDaEvolutionS10", "EVOLUTION_WEBHOOK_SECRET": "SegundoFatorS11",
                    "HOOKGATE_ALERT_URL": "http://127.0.0.1:9/CaminhoDoAlarmeS12",
                    "HOOKGATE_DELIVER_SECRET": "whsec_U2VncmVkb0RhRW50cmVnYTEyMzQ1Njc4OTA=",
                ]
                let hookgate = HookgateBinary(
                    databaseURL: database.url, dataDirectory: directory, settings: settings)
                _ = try await hookgate.serving(log: directory + ".log") { address in
                    let statuses = try await Self.sendEverything(to: address, evidence)
                    #expect(statuses == [200, 400, 403, 404])
                    for path in ["/metrics", "/health", "/health/ready"] {
                        evidence.add("page \(path)", try await Self.get(address + path))
                    }
                    try await Self.runCommands(hookgate, address, evidence)
                }
                // Nobody lets this one in: what it takes is undecided, and waits.
                let alone = HookgateBinary(
                    databaseURL: database.url(as: "hookgate_stranger"), dataDirectory: directory,
                    settings: settings.filter { $0.key != "REDIS_URL" })
                _ = try await alone.serving(log: directory + ".log") { address in
                    let body = Self.bodies("clinic-a", number: 77)[0]
                    let url = "\(address)/webhooks/evolution/whatsapp/\(Self.stranger.secretText)"
                    #expect(try await Self.post(body, to: url, evidence) == 200)
                    evidence.add("page /health/ready", try await Self.get(address + "/health/ready"))
                    for arguments in [["spool", "status"], ["spool", "verify"], ["check"]] {
                        let ending = try await alone.run(arguments)
                        evidence.add("command \(arguments[0])", ending.output + ending.complaint)
                    }
                }
                try await Self.collectRedis(redis, evidence)
            }
            try await Self.collectDatabase(database, evidence)
        }
        try Self.collectFiles(directory, evidence)
        let log = String(decoding: FileManager.default.contents(atPath: directory + ".log") ?? Data(), as: UTF8.self)
        evidence.add("log", log)
        for tag in ["Token Async", "Token cache HIT", "Token cache MISS", "❌", "count="] {
            #expect(log.contains(tag), "operators search for it")
        }

        // The search finds what is there.
        #expect(!evidence.findings(Self.words) { $0 != "database: bodies" }.isEmpty)
        #expect(!evidence.findings(Self.tokens) { $0 != "database: integrations and legacy tables" }.isEmpty)
        for place in [
            "log", "Redis", "database", "answer 200", "answer 403", "raw answer", "command explain -", "segment",
        ] {
            #expect(evidence.size(of: place) > 0, "\(place)")
        }
        let words = evidence.findings(Self.words) { $0 == "database: bodies" || $0.hasPrefix("segment") }
        #expect(words.isEmpty)
        let tokens = evidence.findings(Self.tokens) {
            $0 == "database: integrations and legacy tables" || $0.hasPrefix("segment")
        }
        #expect(tokens.isEmpty)
        let secrets = evidence.findings(Self.secrets) {
            $0 == "database: integrations and legacy tables" || $0.hasPrefix("segment")
        }
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
