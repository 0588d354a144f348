import FoundationEssentials
import HookgateCore
import PostgresClient

/// The fourth act: webhooks on both URLs, where each went, and what it cost the database.
struct DemoWebhooks {
    /// Bodies that were answered with a 200 in the whole act: each must be in the inbox, once, or repeat one that is.
    static let acceptedInAll: Int64 = singles + repeatedInAll + probes + Int64(hits)
    /// Of these, such as say what another had said.
    static let repeatedInAll: Int64 = 2
    private static let singles: Int64 = 9
    private static let probes: Int64 = 1
    private static let hits = 2_000

    /// Instances of the sample fleet that the act uses.
    private enum Sample {
        static let first = "clinic-abc123"
        static let second = "clinic-xyz789"
        static let quoted = "Praxis \"Müller\" 🦷/1"
        static let namedLikeTheRoute = "whatsapp"
        static let undecided = "hill-street"
    }

    let stage: DemoStage
    let pool: PostgresPool
    let traffic: DemoTraffic
    let tokens: [String: WebhookToken]

    private var base: PublicURL { traffic.base }

    func postEachKind() async throws {
        let token = try tokenURL(Sample.first)
        try await post(.message, to: token, Sample.first, 200, "ok", "a message on the token URL")
        try await post(.message, to: token, Sample.first, 200, "ok", "the same once more: Evolution did not hear us")
        try await post(.message, to: legacyURL(Sample.first), Sample.first, 200, "ok", "the same on the legacy URL")
        try await post(.image, to: token, Sample.first, 200, "ok", "a picture, with its thumbnail in the body")
        for sample in [DemoTraffic.Sample.deliveryAck, .qrCode] {
            try await post(
                sample, to: token + "/" + sample.suffix, Sample.first, 200, "ok",
                "\(sample.suffix) on the token URL in by-events mode")
        }
        try await post(
            .connecting, to: legacyURL(Sample.second) + "/connection-update", Sample.second, 200, "ok",
            "connection-update on the legacy URL in by-events mode")
        try await post(
            .message, to: legacyURL(Sample.quoted), Sample.quoted, 200, "ok", "an instance called \(Sample.quoted)")
        try await post(
            .message, to: legacyURL(Sample.namedLikeTheRoute) + "/messages-upsert", Sample.namedLikeTheRoute, 200, "ok",
            "an instance called whatsapp, whose by-events URL looks like a token's")
        try await post(
            .message, to: token, Sample.second, 200, "quarantined",
            "another instance's body on this token: kept, and held for a person")
        try await post(
            .message, to: legacyURL(Sample.undecided), Sample.undecided, 200, "quarantined",
            "an instance whose clinic nobody decided yet: kept, and held")
        try await post(.message, to: legacyURL("nobody-knows-me"), "nobody-knows-me", 404, nil, "an unknown instance")
        try await post(
            .message, to: String(token.dropLast()), Sample.first, 404, nil, "a token with its last character missing")
        let broken = try await traffic.post(body: Array("{\"event\":".utf8), to: token)
        stage.expect(broken.status == 400, "400 to a body that is no JSON: Evolution need not send it again")
    }

    func testTool() async throws {
        guard let token = tokens[Sample.first] else { throw missingToken(Sample.first) }
        try await stage.hookgate("test", token.secretText, "--url", base.text, ending: .done, masking: token)
        try await stage.hookgate(
            "test", "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX", "--url", base.text, ending: .failed)
    }

    func showInbox() async throws {
        try await stage.hookgate("events", "list", ending: .done)
        try await stage.hookgate("check", ending: .attention, showing: false)
    }

    /// Posts many webhooks on both routes and asks PostgreSQL's own counters how many look-ups that took.
    func proveZeroQueries() async throws {
        let targets = try [Sample.first, Sample.second].flatMap { name in
            [(url: try tokenURL(name), instance: name), (url: legacyURL(name), instance: name)]
        }
        let before = try await lookUps()
        stage.expect(before > 0, "senders that memory does not know were looked up: \(before) look-ups so far")
        let accepted = try await traffic.burst(Self.hits, to: targets)
        let after = try await lookUps()
        stage.expect(accepted == Self.hits, "\(accepted) of \(Self.hits) further webhooks were stored and answered 200")
        stage.expect(
            after == before,
            "they cost no look-up in the database: pg_stat_statements counted \(before) before and \(after) after")
    }

    func proveSecretsAreGone() async throws {
        let rows = try await pool.query(
            """
            SELECT count(*) FILTER (WHERE convert_from(body, 'UTF8') ~ '"(apikey|destination|pairingCode)"') AS kept
            FROM hookgate.event_bodies
            """)
        let kept: Int64 = try rows[0].decode("kept")
        stage.expect(kept == 0, "no stored body holds an API key, a webhook URL or a pairing code")
    }

    private func post(
        _ sample: DemoTraffic.Sample, to url: String, _ instance: String, _ status: Int, _ word: String?, _ what: String
    ) async throws {
        let answer = try await traffic.post(sample, to: url, instance: instance)
        let heard = answer.acceptance.map { " \($0.status)" } ?? ""
        stage.expect(
            answer.status == status && answer.acceptance?.status == word, "\(answer.status)\(heard) to \(what)")
    }

    /// Statements that look a token or an instance up, as the database counted them.
    private func lookUps() async throws -> Int64 {
        let rows = try await pool.query(
            """
            SELECT coalesce(sum(calls), 0)::bigint AS calls FROM pg_stat_statements
            WHERE query LIKE '%hookgate: look-up%' AND query NOT LIKE '%pg_stat_statements%'
            """)
        return try rows[0].decode("calls")
    }

    private func tokenURL(_ instance: String) throws -> String {
        guard let token = tokens[instance] else { throw missingToken(instance) }
        return base.webhookURL(token: token)
    }

    private func legacyURL(_ instance: String) -> String {
        base.webhookURL(instance: InstanceName(instance))
    }

    private func missingToken(_ instance: String) -> CommandFailure {
        CommandFailure("\(instance) has no token after the migration; see the output above.")
    }
}
