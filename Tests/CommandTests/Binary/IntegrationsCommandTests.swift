import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// `hookgate integrations` as a binary, with a gateway and a simulated Evolution server that posts to it.
@Suite(.timeLimit(.minutes(3)))
struct IntegrationsCommandTests {
    private static let key = "GLOBAL-SECRET-KEY"
    private static let clinic = "c0000000-0000-4000-8000-000000000001"
    private static let instance = "clinic-\(clinic)"

    private static func withFleet(
        _ body: (TestDatabase, EvolutionSimulator, HookgateBinary) async throws -> Void
    ) async throws {
        try await withSchema { database in
            try await database.pool.query(
                "CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text)")
            try await database.pool.query(
                "INSERT INTO healthcare.clinics VALUES ($1::uuid, gen_random_uuid(), 'Clínica Sorriso')", [clinic])
            var options = SimulatorOptions()
            options.globalKey = key
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let directory = "/tmp/hookgate-integrations-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let hookgate = HookgateBinary(
                databaseURL: database.url, dataDirectory: directory,
                settings: ["EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": key])
            do {
                try await body(database, simulator, hookgate)
            } catch {
                Issue.record(error)
            }
            await simulator.stop()
        }
    }

    /// Asks again until the answer is there; each asking takes its time.
    private static func shown(
        _ hookgate: HookgateBinary, _ words: String..., holding text: String
    ) async throws -> HookgateBinary.Ending {
        var ending = try await hookgate.run(["integrations"] + words)
        for _ in 0..<300 where !ending.output.contains(text) {
            ending = try await hookgate.run(["integrations"] + words)
        }
        return ending
    }

    @Test func anIntegrationIsMadePairedSwitchedOffAndDeleted() async throws {
        try await Self.withFleet { _, simulator, hookgate in
            var endings: [HookgateBinary.Ending] = []
            _ = try await hookgate.serving { address in
                let create = [
                    "integrations", "create", Self.clinic, "--rehearsal", "--public-url", address,
                ]
                let dry = try await hookgate.run(create + ["--dry-run"])
                #expect(dry.exitCode == 0 && dry.output.contains("would be made"), "\(dry)")
                #expect(simulator.webhookURL(of: Self.instance) == nil)
                let made = try await hookgate.run(create)
                #expect(
                    made.exitCode == 0 && made.output.contains("✅ \(Self.instance) (Clínica Sorriso): made"), "\(made)")
                #expect(made.output.contains("→ hookgate integrations connect '\(Self.instance)'"))
                let again = try await hookgate.run(create + ["--json"])
                #expect(again.exitCode == 0 && again.output.contains(#""outcome" : "present""#), "\(again)")
                var lines: [String] = []
                let exitCode = try await hookgate.watching(["integrations", "connect", Self.instance, "--wait", "1m"]) {
                    lines.append($0)
                    if $0.contains("Scan this") { simulator.scan(Self.instance, number: "15550101001") }
                    return true
                }
                #expect(exitCode == 0 && lines.last == "✅ connected as +15550101001", "\(lines)")
                #expect(lines.count { $0.contains("█") } > 10)
                // By its event, or by a look that came first; the number may come after that.
                let active = try await Self.shown(hookgate, "show", Self.instance, holding: "number: +15550101001")
                #expect(active.output.contains("active  connected  ["), "\(active.output)")
                #expect(active.output.contains("number: +15550101001"))
                #expect(
                    active.output.contains("WhatsApp open, Evolution posts to")
                        || active.output.contains("WhatsApp open"))
                simulator.removeDevice(Self.instance)
                let lost = try await Self.shown(hookgate, "list", "--status", "disconnected", holding: "disconnected")
                #expect(
                    lost.output.contains("⚠️ \(Self.instance) (Clínica Sorriso): disconnected (logged_out)"), "\(lost)")
                let off = try await hookgate.run("integrations", "disable", Self.instance)
                #expect(off.exitCode == 0 && off.output.contains("held back"), "\(off)")
                let disabled = try await hookgate.run("integrations", "list", "--disabled", "--json")
                #expect(disabled.output.contains(#""enabled" : false"#))
                let on = try await hookgate.run("integrations", "enable", Self.instance)
                #expect(on.exitCode == 0 && on.output.contains("webhooks are delivered"), "\(on)")
                let declined = try await hookgate.run("integrations", "delete", Self.instance)
                #expect(declined.exitCode == 3 && declined.complaint.contains("Nothing was deleted."), "\(declined)")
                let gone = try await hookgate.run(
                    "integrations", "delete", Self.instance, "--yes", "--public-url", address)
                #expect(gone.exitCode == 0 && gone.output.contains("the server confirms"), "\(gone)")
                #expect(simulator.webhookURL(of: Self.instance) == nil)
                let missing = try await hookgate.run("integrations", "show", Self.instance)
                #expect(missing.exitCode == 1 && missing.complaint.contains("No integration has"), "\(missing)")
                endings = [dry, made, again, active, lost, off, disabled, on, declined, gone, missing]
            }
            for ending in endings {
                #expect(!(ending.output + ending.complaint).contains(Self.key))
                #expect(!(ending.output + ending.complaint).contains("whatsapp/hgw_A"))
            }
        }
    }

    @Test func whatCannotBeMadeSaysWhy() async throws {
        try await Self.withFleet { _, simulator, hookgate in
            let create = ["integrations", "create", Self.clinic, "--rehearsal", "--public-url", "http://127.0.0.1:9"]
            simulator.add(Self.instance, webhook: "https://staging.example.test/hook")
            let foreign = try await hookgate.run(create)
            #expect(foreign.exitCode == 3 && foreign.output.contains("another installation"), "\(foreign)")
            simulator.inject(.keyRefused, times: nil)
            let refused = try await hookgate.run(create + ["--label", "night"])
            #expect(refused.exitCode == 1 && refused.output.contains("EVOLUTION_API_KEY"), "\(refused)")
            simulator.clearFailures()
            let loopback = try await hookgate.run(
                "integrations", "create", Self.clinic, "--public-url", "http://127.0.0.1:9")
            #expect(loopback.exitCode == 64 && loopback.complaint.contains("this machine's own name"), "\(loopback)")
            let stranger = try await hookgate.run(
                "integrations", "create", "c0000000-0000-4000-8000-000000000009", "--rehearsal", "--public-url",
                "http://127.0.0.1:9")
            #expect(stranger.exitCode == 1 && stranger.complaint.contains("--organization"), "\(stranger)")
            let label = try await hookgate.run(create + ["--label", "Night Shift"])
            #expect(label.exitCode == 64, "\(label)")
            let word = try await hookgate.run("integrations", "create", "clinic-a")
            #expect(word.exitCode == 64, "\(word)")
            let list = try await hookgate.run("integrations", "list")
            #expect(list.exitCode == 0 && list.output == "No integration.\n", "\(list)")
        }
    }

    @Test func orphansAreProposedAndNeverDeleted() async throws {
        try await Self.withFleet { _, simulator, hookgate in
            let base = ["--public-url", "https://hooks.example.com"]
            let none = try await hookgate.run(["integrations", "list", "--orphans"] + base)
            #expect(none.exitCode == 0, "\(none)")
            simulator.add("stray", webhook: "https://hooks.example.com/webhooks/evolution/stray")
            simulator.add("theirs", webhook: "https://other.example.com/hook")
            let found = try await hookgate.run(["integrations", "list", "--orphans"] + base)
            #expect(found.exitCode == 3 && found.output.contains("⚠️ stray on default"), "\(found)")
            #expect(found.output.contains("leave it to whom it belongs"))
            simulator.inject(.gatewayError, times: nil)
            let partial = try await hookgate.run(["integrations", "list", "--orphans", "--json"] + base)
            #expect(partial.exitCode == 3 && partial.output.contains(#""orphans" : ["#), "\(partial)")
            #expect(!partial.output.contains("stray"))
            #expect(simulator.webhookURL(of: "stray") != nil)
        }
    }

    @Test func listsGoOnWhereThePageEnded() async throws {
        try await Self.withFleet { database, _, hookgate in
            for number in 1...5 {
                try await database.pool.query(
                    """
                    INSERT INTO healthcare.integrations (type, provider, status, config, display_name)
                    VALUES ('whatsapp', 'evolution', 'active', jsonb_build_object('instance_name', $1::text), $2)
                    """, ["instance-\(number)", number % 2 == 0 ? "Ärztehaus" : nil])
            }
            var names: [String] = []
            var cursor: [String] = []
            for _ in 0..<5 {
                let page = try await hookgate.run(["integrations", "list", "--limit", "2"] + cursor)
                #expect(page.exitCode == 0, "\(page)")
                let lines = page.output.split(separator: "\n")
                names += lines.compactMap { line in
                    line.hasPrefix("✅") ? line.split(separator: " ")[1].prefix { $0 != ":" }.description : nil
                }
                guard let more = lines.last, more.hasPrefix("More: ") else { break }
                cursor = more.dropFirst("More: ".count).split(separator: " ").map(String.init)
            }
            #expect(names.sorted() == (1...5).map { "instance-\($0)" })
            let found = try await hookgate.run("integrations", "list", "--search", "ärzte", "--json")
            #expect(found.output.split(separator: "\n").count { $0.contains("instance_name") } == 2, "\(found)")
            let wrong = try await hookgate.run("integrations", "list", "--after", "nowhere")
            #expect(wrong.exitCode == 64)
        }
    }

    @Test func aTerminalGetsTheCodeInColoursAndACountdown() async throws {
        try await Self.withFleet { _, simulator, hookgate in
            let made = try await hookgate.run(
                "integrations", "create", Self.clinic, "--rehearsal", "--public-url", "http://127.0.0.1:9")
            #expect(made.exitCode == 0, "\(made)")
            let text = try await hookgate.runOnTerminal([
                "integrations", "connect", Self.instance, "--number", "15550101001", "--wait", "4s",
            ])
            #expect(text.contains("\u{1B}[30;107m"))
            #expect(text.contains("Or type this code there: "))
            #expect(text.contains("The next code comes in about"))
            #expect(text.contains("is not connected after 4s"))
            // The code is taken off the screen.
            #expect(text.contains("A\u{1B}[J"))
        }
    }
}
