import FoundationEssentials
import HookgateCore
import PostgresClient
import Store

/// The acts of the demo, in order.
struct DemoStory {
    /// What `hookgate tokens --json` says of one integration, as far as the demo needs it.
    private struct TokenDocument: Decodable {
        struct Integration: Decodable {
            let instance_name: String?
            let webhook_token: String?
        }
        let integrations: [Integration]
    }

    let stage: DemoStage
    let pool: PostgresPool
    let waitsAtEnd: Bool

    func tell() async throws {
        stage.heading("1. A legacy fleet: instance names in URLs, rows in scattered tables")
        try await pool.execute(script: String(decoding: PackageResources.sample_fleet_sql, as: UTF8.self))
        let before = try await untouchedTables()
        try await stage.hookgate("check_legacy_instances.py", ending: .attention)

        stage.heading("2. The migration: a dry run, the run, and the same run again")
        try await stage.hookgate("migrate_whatsapp_integrations.py", "--dry-run", ending: .attention)
        let empty = try await pool.query("SELECT to_regnamespace('hookgate') IS NULL AS nothing")
        stage.expect(try empty[0].decode("nothing"), "the dry run wrote nothing: there is not even a schema of ours")
        let migrated = try await stage.hookgate("migrate_whatsapp_integrations.py", ending: .attention)
        stage.expect(
            migrated.contains("✅ Migrated clinic-abc123 → Shtern Dental Clinic"),
            "the guide's first instance went to its clinic")
        // From here on a clock may run faster on this database, and on no other.
        try await ThrowAwayMark.set(in: pool, at: TimeSource.system.now)
        let first = try await integrations()
        try await stage.hookgate("migrate", ending: .attention, showing: false)
        stage.expect(
            try await integrations() == first, "a second run changed nothing: every row is equal, byte for byte")
        try await stage.hookgate("migrate", "verify", ending: .attention)
        stage.expect(
            try await untouchedTables() == before,
            "the legacy tables, other kinds of integration and the conversations are untouched")

        try await decideAndTakeBack()

        stage.heading("5. The tokens")
        try await stage.hookgate("get_webhook_tokens.py", ending: .done)
        let tokens = try await tokens()

        stage.heading("6. The gateway, on both URLs")
        try await stage.withGateway { address in
            let traffic = DemoTraffic(base: try PublicURL(address))
            let webhooks = DemoWebhooks(stage: stage, pool: pool, traffic: traffic, tokens: tokens)
            try await webhooks.postEachKind()
            try await webhooks.testTool()
            try await webhooks.showInbox()
            try await webhooks.proveZeroQueries()
            try await webhooks.proveSecretsAreGone()
        }
        try await proveNothingIsLost()
        try await proveThatUndoSparesWhatIsInUse()

        let cleanup = DemoCleanup(stage: stage, pool: pool, before: before) { try await untouchedTables() }
        try await DemoSwitchOver(stage: stage, pool: pool, tokens: tokens, cleanup: cleanup).tell()

        stage.heading("10. Delivery, to a backend that checks every signature")
        try await DemoDelivery(stage: stage, pool: pool, tokens: tokens).tell { address in
            stage.say("\nThe console, for who prefers to look: the next line signs in once.")
            try await stage.hookgate(
                "keys", "link", "--role", "admin", "--expires", "8h", "--base", address, ending: .done)
            guard waitsAtEnd else { return }
            stage.say("\nGateway and console stay open at \(address). Press Return to end.")
            _ = readLine()
        }
        summary()
    }

    /// An organization with two clinics and nothing that tells them apart: a person decides, and thinks better of it.
    private func decideAndTakeBack() async throws {
        stage.heading("3. A decision: two clinics fit hill-street, and a file says which")
        try stage.write(
            """
            hill-street:
              clinic: c0000000-0000-4000-8000-000000000006  # Hill Street East

            """, to: "decisions.yaml")
        let before = try await integrations()
        let decided = try await stage.hookgate("migrate", "--overrides", "decisions.yaml", ending: .attention)
        stage.expect(
            decided.contains("✅ Migrated hill-street → Hill Street East"),
            "the undecided instance went where the file says")
        stage.expect(try await integrations().count == before.count + 1, "and nothing else was written")

        stage.heading("4. Second thoughts: that run is taken back, and only that run")
        try await stage.hookgate("migrate", "runs", ending: .done)
        let run = try await run("DESC")
        try await stage.hookgate("migrate", "show", run, ending: .done)
        try await stage.hookgate("migrate", "undo", run, "--dry-run", ending: .done)
        try await stage.hookgate("migrate", "undo", run, ending: .done)
        stage.expect(try await integrations() == before, "every row is as it was before that run, byte for byte")
    }

    private func proveThatUndoSparesWhatIsInUse() async throws {
        stage.heading("7. What undoing the first run would leave alone by now")
        let preview = try await stage.hookgate("migrate", "undo", try await run("ASC"), "--dry-run", ending: .attention)
        stage.expect(
            preview.contains("clinic-abc123: left as it is, because webhooks come on its token URL"),
            "an integration in use would stay: without it Evolution's webhooks would be refused for good")
    }

    /// The id of the first run (`ASC`) or the latest (`DESC`).
    private func run(_ order: String) async throws -> String {
        try await pool.query("SELECT id::text AS id FROM hookgate.migration_runs ORDER BY started_at \(order) LIMIT 1")[
            0
        ]
        .decode("id")
    }

    private func proveNothingIsLost() async throws {
        let rows = try await pool.query(
            """
            SELECT (SELECT count(*) FROM hookgate.events)::bigint AS stored,
                (SELECT coalesce(sum(count), 0) FROM hookgate.duplicate_counts)::bigint AS repeated
            """)
        let stored: Int64 = try rows[0].decode("stored")
        let repeated: Int64 = try rows[0].decode("repeated")
        stage.expect(
            repeated == DemoWebhooks.repeatedInAll, "what was sent twice was recognised: \(repeated) of them")
        stage.expect(
            stored + repeated == DemoWebhooks.acceptedInAll,
            "every other event that was answered 200 is in the inbox, once: \(stored) and \(repeated) repetitions "
                + "make \(DemoWebhooks.acceptedInAll)")
    }

    private func summary() {
        stage.heading("Summary")
        if stage.failed.isEmpty {
            stage.say("✅ All \(stage.holds) checks held.")
        } else {
            stage.say("❌ \(stage.failed.count) of \(stage.holds + stage.failed.count) checks failed:")
            for fact in stage.failed { stage.say("   - \(fact)") }
        }
        stage.say(
            """

            How to go on with your own database:
              export DATABASE_URL=postgresql://…        (Supabase: the connection string of your project)
              hookgate check                            what is there, and what is next for each instance
              hookgate migrate --dry-run                the plan; nothing is written
              hookgate migrate                          the run; repeat it as often as you like
              hookgate serve                            the gateway, on both URLs
              export HOOKGATE_DELIVER_URL=https://…     your backend; HOOKGATE_DELIVER_SECRET signs what goes there
            """)
    }

    private func integrations() async throws -> [String] {
        try await rows("healthcare.integrations")
    }

    /// What no command may change: all legacy tables, with the rows that are nobody's business but their owner's.
    private func untouchedTables() async throws -> [String] {
        var all: [String] = []
        for table in [
            "public.evolution_instances", "public.integrations", "core.whatsapp_conversations",
            "healthcare.whatsapp_config", "healthcare.clinics",
        ] { all += try await rows(table) }
        return all
    }

    private func rows(_ table: String) async throws -> [String] {
        try await pool.query("SELECT to_jsonb(r)::text AS image FROM \(table) AS r ORDER BY r.id")
            .map { row in try row.decode("image", as: String.self) }
    }

    private func tokens() async throws -> [String: WebhookToken] {
        let text = try await stage.hookgate("tokens", "--reveal", "--json", ending: .done, showing: false)
        let document = try JSONDecoder().decode(TokenDocument.self, from: Data(text.utf8))
        var tokens: [String: WebhookToken] = [:]
        for integration in document.integrations {
            guard let name = integration.instance_name, let text = integration.webhook_token else { continue }
            tokens[name] = WebhookToken(text)
        }
        return tokens
    }
}
