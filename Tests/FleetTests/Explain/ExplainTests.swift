import Fleet
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// `hookgate explain` over a real database.
@Suite(.timeLimit(.minutes(2))) struct ExplainTests {
    private struct NoGateway: RunningGateway {
        func word() async -> RunningGatewayWord { .nobodyAnswers(address: "http://127.0.0.1:1") }
    }

    private static func explain(
        _ text: String, _ held: HeldEvents, limits: QuarantineLimits = QuarantineLimits(),
        secondFactor: SecondFactorPolicy = SecondFactorPolicy()
    ) async throws -> Explanation {
        let pool = held.database.pool
        let explain = Explain(
            Explain.Ports(
                routing: held.routing, catalog: PostgresIntegrationCatalog(pool: pool),
                evidence: PostgresExplainEvidence(pool: pool), quarantine: held.store, gateway: NoGateway()),
            limits: limits, secondFactor: secondFactor, time: .system)
        return try #require(try await explain.run(text))
    }

    private static func everything(_ explanation: Explanation) -> String {
        (explanation.steps.map(\.finding) + [explanation.answer?.why ?? "", explanation.remedy ?? ""])
            .joined(separator: "\n")
    }

    @Test func aTokenInForceIsAnsweredWithOKAndNeverPrinted() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a", token: HeldEvents.token)
            let secret = HeldEvents.token.secretText
            for text in [secret, "https://h/webhooks/evolution/whatsapp/\(secret)/messages-upsert"] {
                let explanation = try await Self.explain(text, held)
                #expect(explanation.answer?.httpStatus == 200 && explanation.answer?.status == "ok")
                #expect(!explanation.needsAttention && explanation.remedy == nil)
                #expect(Self.everything(explanation).contains("\(integration)"))
                #expect(Self.everything(explanation).contains(HeldEvents.token.digest.fingerprint))
                #expect(!Self.everything(explanation).contains(secret.dropFirst(8)))
            }
        }
    }

    private static func factor(_ explanation: Explanation) -> String {
        explanation.steps.first { $0.name == "Second factor" }?.finding ?? ""
    }

    @Test func aSecondFactorIsSaidWithWhatFollowsAndHowItsWebhooksDid() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let pool = held.database.pool
            #expect(
                Self.factor(try await Self.explain("clinic-a", held)) == "observe, and there is nothing to compare with"
            )
            let signed = SecondFactorPolicy(mode: .enforce, signatureKey: WebhookSignatureKey("s"))
            let common = try await Self.explain("clinic-a", held, secondFactor: signed)
            #expect(Self.factor(common).contains("EVOLUTION_WEBHOOK_SECRET"))
            try await pool.query(
                """
                INSERT INTO hookgate.second_factors (integration_id, mode, header_name, header_digest, jwt_key,
                    retired_jwt_key, retired_until)
                VALUES ($1, 'enforce', 'X-Hookgate-Secret', sha256('the value'), 'the-jwt-key', 'the-old-key',
                    '2099-01-01Z')
                """, [integration.uuid])
            let seen = Date(timeIntervalSince1970: 4_070_908_800)
            try await PostgresSecondFactors(pool: pool).add([
                SecondFactorTally(
                    integrationID: integration, outcome: .missing, count: 41, firstSeen: seen, lastSeen: seen)
            ])
            let explanation = try await Self.explain("clinic-a", held)
            let words = Self.factor(explanation)
            for part in [
                "enforce: the header X-Hookgate-Secret (fingerprint eb69abcc) and a bearer token",
                "goes on until 2099-01-01",
                "would be held back", "missing 41 times",
            ] { #expect(words.contains(part), "\(words)") }
            #expect(explanation.answer?.status == "ok")
            #expect(explanation.answer?.why.contains("Without its second factor it would be held back") == true)
            #expect(!Self.everything(explanation).contains("-key"))
            try await pool.query("UPDATE hookgate.second_factors SET mode = 'off'")
            #expect(Self.factor(try await Self.explain("clinic-a", held)) == "not looked at (off)")
        }
    }

    @Test func aTokenThatWasReplacedByHandIsRevokedAndItsLedgerSaysSo() async throws {
        try await withHeldEvents { held in
            _ = try await held.add("clinic-a", token: HeldEvents.token)
            try await held.database.pool.query("UPDATE healthcare.integrations SET webhook_token = 'another-one'")
            let explanation = try await Self.explain(HeldEvents.token.secretText, held)
            #expect(explanation.answer?.httpStatus == 403)
            #expect(explanation.needsAttention)
            #expect(explanation.steps.contains { $0.name == "Ledger" && $0.finding.hasPrefix("revoked") })
        }
    }

    @Test(arguments: [
        (HeldEvents.token.secretText, 404), (HeldEvents.token.secretText + "x", 404), ("stranger", 404),
        ("https://h/elsewhere", 404),
    ])
    func whatNobodyHasIsA404(text: String, status: Int) async throws {
        try await withHeldEvents { held in
            let explanation = try await Self.explain(text, held)
            #expect(explanation.answer?.httpStatus == status)
            #expect(explanation.needsAttention && explanation.remedy != nil)
        }
    }

    @Test func aTextThatNobodyHasIsNotRepeated() async throws {
        try await withHeldEvents { held in
            let text = "0123456789abcdef0123456789abcdef"
            for given in [text, "/webhooks/evolution/\(text)"] {
                let explanation = try await Self.explain(given, held)
                #expect(!Self.everything(explanation).contains(text))
            }
        }
    }

    @Test func aTokenOfTheOldSystemOnThePathOfNamesIsRecognised() async throws {
        try await withHeldEvents { held in
            let old = try #require(WebhookToken("0123456789abcdef0123456789abcdef"))
            _ = try await held.add("clinic-a", token: old)
            let bare = try await Self.explain(old.secretText, held)
            #expect(bare.answer?.status == "ok")
            let misplaced = try await Self.explain("/webhooks/evolution/\(old.secretText)", held)
            #expect(misplaced.answer?.httpStatus == 404)
            #expect(misplaced.remedy?.contains("/whatsapp/") == true)
            #expect(!Self.everything(misplaced).contains(old.secretText))
        }
    }

    @Test func aDisabledInstanceIsHeldBackUntilItsBoundIsReached() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a", enabled: false)
            let before = try await Self.explain("clinic-a", held)
            #expect(before.answer?.status == "quarantined")
            #expect(before.answer?.reason == .integrationDisabled)
            _ = try await held.hold(.integrationDisabled, integration: integration)
            let full = try await Self.explain("clinic-a", held, limits: QuarantineLimits(events: 1, bytes: 1 << 20))
            #expect(full.answer?.httpStatus == 503)
        }
    }

    @Test func whatGatewaysHaveSeenIsTold() async throws {
        try await withHeldEvents { held in
            _ = try await held.add("clinic-a", token: HeldEvents.token)
            let silent = try await Self.explain("clinic-a", held)
            #expect(!silent.steps.map(\.name).contains("Listening"))
            try await held.database.pool.execute(
                script: """
                    INSERT INTO hookgate.route_traffic VALUES
                        ('clinic-a', 'instance', '2025-10-20', '2025-10-20Z', '2025-10-20 10:00Z', 5, 1, '2025-10-20 09:00Z');
                    INSERT INTO hookgate.refused_requests VALUES
                        ('clinic-a', 'instance', 'malformed', '2025-10-20', '2025-10-20Z', '2025-10-20 11:00Z', 3);
                    INSERT INTO hookgate.coverage VALUES
                        (gen_random_uuid(), now() - interval '20 days', now() - interval '3 hours');
                    """)
            let explanation = try await Self.explain("clinic-a", held)
            let told = Dictionary(explanation.steps.map { ($0.name, $0.finding) }) { first, _ in first }
            #expect(told["Traffic"]?.contains("10:00:00.000000Z (a retry; the last new event: 2025-10-20T09") == true)
            #expect(told["Refused"] == "3 × malformed on the legacy route, last 2025-10-20T11:00:00Z")
            #expect(told["Listening"]?.hasPrefix("all but 3 hours of the last 14 days, in 1 gaps") == true)
        }
    }

    @Test func aNameInALegacyTableAloneSaysWhichTable() async throws {
        try await withHeldEvents { held in
            try await held.database.pool.execute(
                script: """
                    CREATE TABLE public.evolution_instances (id uuid, instance_name text);
                    INSERT INTO public.evolution_instances VALUES (gen_random_uuid(), 'old-one');
                    """)
            let explanation = try await Self.explain("old-one", held)
            #expect(explanation.answer?.reason == .noIntegration)
            #expect(Self.everything(explanation).contains("public.evolution_instances has it in 1 rows"))
            #expect(explanation.remedy?.hasPrefix("hookgate migrate") == true)
        }
    }

    @Test func anEventTellsItsWayAndWhatAReleaseWouldComeTo() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let event = try await held.hold(.tokenRetired, integration: integration)
            let explanation = try await Self.explain(event.text, held)
            #expect(explanation.needsAttention)
            #expect(explanation.remedy == "hookgate quarantine release \(event)")
            #expect(explanation.steps.map(\.name) == ["Read", "Accepted", "Spool", "Inbox", "State", "Release"])
            let act = QuarantineAct(actor: "anna@desk", decidedAt: Date(), note: nil)
            let options = QuarantineRelease.Options(filter: QuarantineFilter())
            _ = try await QuarantineRelease(store: held.store, routing: held.routing, time: .system).run(
                options, act: act
            ) { _, _ in }
            let after = try await Self.explain(event.text, held)
            #expect(!after.needsAttention)
            #expect(Self.everything(after).contains("released by anna@desk"))
        }
    }
}
