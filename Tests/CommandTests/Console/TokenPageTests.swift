import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

/// One integration's tokens on its page and over the API, where no Evolution server is configured.
@Suite(.timeLimit(.minutes(1)))
struct TokenPageTests {
    private struct Tokens: Decodable {
        struct Token: Decodable, Equatable {
            let fingerprint: String
            let standing: String
        }

        let tokens: [Token]

        /// Of each, without its time.
        var standings: [String: String] {
            Dictionary(uniqueKeysWithValues: tokens.map { ($0.fingerprint, $0.standing) })
        }
    }

    private struct Work: Decodable {
        struct Rotation: Decodable {
            let isDryRun: Bool
            let isAtEvolution: Bool
        }

        let state: String
        let error: String?
        let report: Rotation?
    }

    private static func path(_ console: TestConsole) -> String { "/integrations/\(console.ours.integration.text)" }

    private static func read<Body: Decodable>(_ type: Body.Type, _ answer: ConsoleResponse) throws -> Body {
        try ConsoleCaller.decode(type, ByteBuffer(string: answer.text))
    }

    private static func tokens(_ console: TestConsole, _ key: String) async throws -> Tokens {
        try read(Tokens.self, await console.api("GET", "\(path(console))/tokens", key: key))
    }

    /// Asks until the rotation is over.
    private static func ended(_ console: TestConsole, _ key: String) async throws -> Work {
        while true {
            let work = try read(Work.self, await console.api("GET", "\(path(console))/rotation", key: key))
            if work.state != "running" { return work }
            try Task.checkCancellation()
            // What answers from memory leaves its thread to nobody.
            await Task.yield()
        }
    }

    private static func secret(_ console: TestConsole) async throws -> String {
        let text = "SELECT webhook_token FROM healthcare.integrations WHERE id = '\(console.ours.integration.text)'"
        return try #require(try await StoredEvents(console.database).text(text))
    }

    @Test func tokensAreKnownByTheirFingerprintsAndNeverInClear() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.admin)
            let browser = try await console.signIn(with: key)
            let page = await browser.get(Self.path(console)).text
            let api = await console.api("GET", "\(Self.path(console))/tokens", key: key).text
            let secret = try await Self.secret(console)
            for text in [page, api] {
                #expect(text.contains(console.ours.fingerprint))
                #expect(!text.contains(secret))
            }
            #expect(try await Self.tokens(console, key).standings == [console.ours.fingerprint: "current"])
        }
    }

    @Test func aRotationAsksFirstAndLeavesTheTokenBeforeItsGrace() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let browser = try await console.signIn(with: key)
            let path = "\(Self.path(console))/rotate"
            let question = await browser.post(path, "grace_hours=48&expected=\(console.ours.fingerprint)")
            #expect(question.status == 200 && question.text.contains("Rotate the token of"))
            #expect(question.text.contains(console.ours.fingerprint))
            #expect(await browser.post(path, "grace_hours=48&dry_run=yes").status == 303)
            #expect(try await Self.ended(console, key).report?.isDryRun == true)
            #expect(try await Self.tokens(console, key).standings == [console.ours.fingerprint: "current"])

            #expect(await browser.post(path, "grace_hours=48&confirmed=yes").status == 303)
            let work = try await Self.ended(console, key)
            #expect(work.state == "done" && work.report?.isAtEvolution == false, "\(work)")
            let standings = try await Self.tokens(console, key).standings
            #expect(standings[console.ours.fingerprint] == "grace" && standings.values.contains("current"))
            #expect(standings.count == 2)
            let noted = try await StoredEvents(console.database).text(
                "SELECT actor FROM hookgate.audit_log WHERE action = 'tokens.rotate'")
            #expect(noted == "operator of all (console)")
        }
    }

    @Test func aRotationIsADryRunUnlessSaidAndIsMadeOnceForAnIdempotencyKey() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let path = "\(Self.path(console))/rotate"
            #expect(await console.api("POST", path, key: key).status == 202)
            #expect(try await Self.ended(console, key).report?.isDryRun == true)
            let wish = #"{"dry_run": false, "grace_hours": 1}"#
            for _ in 1...3 {
                let again = await console.api("POST", path, key: key, wish, headers: [("idempotency-key", "one")])
                #expect(again.status == 202)
                #expect(try await Self.ended(console, key).state == "done")
            }
            #expect(try await Self.tokens(console, key).tokens.count == 2)
            for (wrong, status) in [(#"{"grace_hours": 3000}"#, 400), (#"{"expected_fingerprint": "00000000"}"#, 409)] {
                #expect(await console.api("POST", path, key: key, wrong).status == status, "\(wrong)")
            }
        }
    }

    @Test func revokingNeedsTheTypedNameAndEndsTheTokenAtOnce() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let browser = try await console.signIn(with: key)
            let path = "\(Self.path(console))/revoke"
            let warning = await browser.post(path, "")
            #expect(warning.status == 200 && warning.text.contains("Type instance-of-ours to confirm"))
            #expect(await browser.post(path, "confirmed=yes").status == 422)
            #expect(await browser.post(path, "confirmed=yes&typed=instance-of-others").status == 422)
            #expect(await browser.post(path, "confirmed=yes&typed=instance-of-ours&expected=00000000").status == 409)
            #expect(try await Self.tokens(console, key).standings == [console.ours.fingerprint: "current"])
            #expect(await browser.post(path, "confirmed=yes&typed=instance-of-ours").status == 303)
            let standings = try await Self.tokens(console, key).standings
            #expect(standings[console.ours.fingerprint] == "revoked" && standings.values.contains("current"))
            let again =
                #"{"dry_run": false, "confirm": "instance-of-ours", "fingerprint": "\#(console.ours.fingerprint)"}"#
            #expect(await console.api("POST", path, key: key, again).status == 422)
        }
    }

    @Test func whoSawNoTokenRevokesNoneThatWasMadeSince() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let browser = try await console.signIn(with: key)
            let path = Self.path(console)
            // Past the triggers, which let no integration be without one for long.
            func setToken(_ expression: String) async throws {
                try await console.database.pool.execute(
                    script: """
                        SET LOCAL session_replication_role = replica;
                        UPDATE healthcare.integrations SET webhook_token = \(expression)
                        WHERE id = '\(console.ours.integration.text)';
                        """)
            }
            let secret = try await Self.secret(console)
            try await setToken("NULL")
            let none = #"name="expected" value="none""#
            #expect(await browser.post("\(path)/revoke", "").text.contains(none))
            #expect(await browser.get(path).text.contains(none))
            try await setToken("'\(secret)'")
            let before = try await Self.tokens(console, key).standings
            let fields = "confirmed=yes&typed=instance-of-ours&expected=none"
            #expect(await browser.post("\(path)/revoke", fields).status == 409)
            let wish = #"{"dry_run": false, "confirm": "instance-of-ours", "expected_fingerprint": "none"}"#
            for deed in ["revoke", "rotate"] {
                #expect(await console.api("POST", "\(path)/\(deed)", key: key, wish).status == 409, "\(deed)")
            }
            #expect(try await Self.tokens(console, key).standings == before)
        }
    }

    @Test func oneTokenInGraceEndsAloneWhereItIsMeant() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let path = Self.path(console)
            #expect(await console.api("POST", "\(path)/rotate", key: key, #"{"dry_run": false}"#).status == 202)
            #expect(try await Self.ended(console, key).state == "done")
            let before = try await Self.tokens(console, key).standings
            let wish = #"{"fingerprint": "\#(console.ours.fingerprint)""#
            let dry = await console.api("POST", "\(path)/revoke", key: key, wish + "}")
            #expect(dry.text.contains(#""outcome":"dry_run""#) && dry.text.contains(console.ours.fingerprint))
            #expect(try await Self.tokens(console, key).standings == before)
            let done = await console.api(
                "POST", "\(path)/revoke", key: key, wish + #", "dry_run": false, "confirm": "instance-of-ours"}"#)
            #expect(done.text.contains(#""outcome":"done""#), "\(done.text)")
            let after = try await Self.tokens(console, key).standings
            #expect(after[console.ours.fingerprint] == "revoked")
            #expect(after.filter { $0.value == "current" } == before.filter { $0.value == "current" })
        }
    }

    @Test func aTestSaysAtWhichStepTheWayEnds() async throws {
        try await TestConsole.with(
            settings: [
                "HOOKGATE_ADMIN_TOKEN": TestConsole.configuredToken, "HOOKGATE_PUBLIC_URL": "http://127.0.0.1:9",
            ]
        ) { console in
            let key = try await console.key(.operator)
            let browser = try await console.signIn(with: key)
            let page = await browser.post("\(Self.path(console))/test", "")
            #expect(page.status == 200 && page.text.contains("does not work"))
            #expect(page.text.contains("known") && page.text.contains("posted: nobody answered there"))
            let answer = await console.api("POST", "\(Self.path(console))/test", key: key).text
            #expect(answer.contains(#""result":"failed""#) && answer.contains(#""failed_step":"posted""#), "\(answer)")
            #expect(!(page.text + answer).contains(try await Self.secret(console)))
        }
    }

    @Test func nobodyWatchesAnothersRotation() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.admin, of: console.ours.id))
            let path = { (organization: TestConsole.Organization) in
                "/live/integrations/\(organization.integration.text)/rotation"
            }
            #expect(await browser.get(path(console.ours)).status == 200)
            #expect(await browser.get(path(console.others)).status == 404)
        }
    }
}
