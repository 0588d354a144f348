import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

/// The second factor of one integration, on its page and over the API.
@Suite(.timeLimit(.minutes(1)))
struct SecondFactorPageTests {
    private struct Factor: Decodable {
        struct Header: Decodable {
            let name: String
            let value: String
        }

        let outcome: String
        let mode: String
        let modeIsDefault: Bool
        let headerName: String?
        let headerFingerprint: String?
        let jwtKey: Bool
        let evolutionHeaders: [Header]?
    }

    private static func path(_ console: TestConsole) -> String {
        "/integrations/\(console.ours.integration.text)/second-factor"
    }

    private static func ask(
        _ console: TestConsole, _ key: String, _ wish: String? = nil
    ) async throws -> Factor {
        let answer = await console.api(wish == nil ? "GET" : "POST", path(console), key: key, wish ?? "")
        #expect(answer.status == 200, "\(answer.text)")
        return try ConsoleCaller.decode(Factor.self, ByteBuffer(string: answer.text))
    }

    @Test func aNewSecretIsShownOnceAndNowhereAfterwards() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let dry = try await Self.ask(console, key, #"{"header": true, "jwt": true, "mode": "observe"}"#)
            #expect(dry.outcome == "dry_run" && dry.evolutionHeaders == nil && dry.headerFingerprint == nil)
            #expect(try await Self.ask(console, key).headerName == nil)
            let made = try await Self.ask(
                console, key, #"{"dry_run": false, "header": true, "jwt": true, "mode": "observe"}"#)
            #expect(made.outcome == "done" && made.mode == "observe" && !made.modeIsDefault)
            let headers = try #require(made.evolutionHeaders)
            #expect(headers.map(\.name) == ["X-Hookgate-Secret", "jwt_key"])
            let browser = try await console.signIn(with: key)
            let shown = await console.api("GET", Self.path(console), key: key).text
            let pages = await browser.get(Self.path(console)).text + shown
            let noted =
                try await StoredEvents(console.database).text(
                    "SELECT string_agg(detail::text, '') FROM hookgate.audit_log") ?? ""
            for header in headers { #expect(!(pages + noted).contains(header.value)) }
            #expect(pages.contains(try #require(made.headerFingerprint)))
        }
    }

    @Test func aPageAsksBeforeItChangesAndShowsWhatWasMade() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let browser = try await console.signIn(with: key)
            let fields = "header=yes&mode=enforce&grace_minutes=10"
            let question = await browser.post(Self.path(console), fields)
            #expect(question.status == 200 && question.text.contains("Change the second factor?"))
            #expect(try await Self.ask(console, key).headerName == nil)
            let made = await browser.post(Self.path(console), fields + "&confirmed=yes&expected=none")
            #expect(made.status == 200 && made.text.contains("This is shown once."))
            #expect(made.header("cache-control") == "no-store")
            #expect(try await Self.ask(console, key).mode == "enforce")
            let stale = await browser.post(Self.path(console), "clear=yes&confirmed=yes&expected=none")
            #expect(stale.status == 409)
            #expect(await browser.post(Self.path(console), "clear=yes&confirmed=yes").status == 303)
            #expect(try await Self.ask(console, key).headerName == nil)
        }
    }

    @Test(arguments: [
        (#"{"mode": "enforce"}"#, 422), (#"{"mode": "king"}"#, 400), (#"{"header": true, "header_name": "host"}"#, 400),
        (#"{"grace_minutes": -1}"#, 400),
    ])
    func whatCannotBeIsRefused(_ wish: String, _ status: Int) async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            #expect(await console.api("POST", Self.path(console), key: key, wish).status == status)
        }
    }

    @Test func anInstanceThatIsCalledLikeAnothersIdIsNotMistakenForIt() async throws {
        try await TestConsole.with { console in
            try await console.database.pool.query(
                "UPDATE healthcare.integrations SET config = jsonb_build_object('instance_name', $1::text) WHERE id = $2",
                [console.ours.integration.text, console.others.integration.uuid])
            let key = try await console.key(.admin, of: console.ours.id)
            let path = Self.path(console)
            #expect(await console.api("GET", path, key: key).status == 404)
            let wish = #"{"dry_run": false, "header": true}"#
            #expect(await console.api("POST", path, key: key, wish).status == 404)
            #expect(
                try await StoredEvents(console.database).text("SELECT count(*) FROM hookgate.second_factors") == "0")
        }
    }
}
