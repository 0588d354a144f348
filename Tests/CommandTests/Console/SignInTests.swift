import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

@Suite(.timeLimit(.minutes(1)))
struct SignInTests {
    @Test func aRevokedKeysSessionEnds() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.viewer))
            #expect(await browser.get("/").status == 200)
            let act = AccessAct(by: "test", at: Date(), hasConfiguredToken: true)
            _ = try await console.assembly.keys.revoke("viewer of all", of: nil, act)
            #expect(await browser.get("/").status == 303)
        }
    }

    @Test func signingOutEndsTheSessionAndNotTheCookieAlone() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.viewer))
            #expect(await browser.post("/logout", "").status == 303)
            #expect(await browser.get("/").status == 303)
        }
    }

    @Test func aSessionEndsAfterItsTime() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.viewer))
            try await console.database.pool.query(
                "UPDATE hookgate.console_sessions SET expires_at = now() - interval '1 s'")
            #expect(await browser.get("/").status == 303)
        }
    }

    @Test(arguments: ["a+token+of+the+configuration", nil])
    func aSessionThatIsOverGoesWhenAnotherBegins(token: String?) async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            _ = try await console.signIn(with: key)
            try await console.database.pool.query(
                "UPDATE hookgate.console_sessions SET expires_at = now() - interval '1 s'")
            _ = try await console.signIn(with: token ?? key)
            #expect(try await console.database.text("SELECT count(*) FROM hookgate.console_sessions") == "1")
        }
    }

    @Test func aCookieThatWasMadeUpIsNobodys() async throws {
        try await TestConsole.with { console in
            let answer = await console.send("GET", "/", headers: [("cookie", "hookgate=abc.def")])
            #expect(answer.status == 303)
        }
    }

    @Test func theConfigurationsTokenIsAnAdmins() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: "a+token+of+the+configuration")
            #expect(await browser.get("/settings").status == 200)
            let bearer = await console.send(
                "GET", "/api/v1/me", headers: [("authorization", "Bearer \(TestConsole.configuredToken)")])
            // Three words are no bearer token: only what has no space can be one.
            #expect(bearer.status == 401)
        }
    }

    @Test func aLinkSignsInOnce() async throws {
        try await TestConsole.with { console in
            let secret = AccessSecret.random(.link)
            let draft = try #require(AccessKeyDraft(name: "link", role: .viewer))
            _ = try await console.assembly.keys.create(draft, secret, by: "test", at: Date())
            // Whoever only fetches it does not use it up.
            for _ in 0..<2 { #expect(await console.send("GET", "/login/\(secret.secretText)").status == 200) }
            let browser = try await console.signIn(with: secret.secretText)
            #expect(await browser.get("/").status == 200)
            await #expect(throws: BrokenPromise.self) { try await console.signIn(with: secret.secretText) }
        }
    }

    @Test func wrongTokensAreLimitedAndKeysGoOnWorking() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            for _ in 0..<5 {
                let answer = await console.send("GET", "/api/v1/me", headers: [("authorization", "Bearer guess")])
                #expect(answer.status == 401)
            }
            let limited = await console.send("GET", "/api/v1/me", headers: [("authorization", "Bearer guess")])
            #expect(limited.status == 429)
            #expect(limited.header("retry-after") != nil)
            let good = await console.send("GET", "/api/v1/me", headers: [("authorization", "Bearer \(key)")])
            #expect(good.status == 200)
        }
    }

    @Test func aCookieIsForTLSAloneWhereTheConsoleIs() async throws {
        let settings = [
            "HOOKGATE_ADMIN_TOKEN": TestConsole.configuredToken, "HOOKGATE_PUBLIC_URL": "https://hooks.example.com",
        ]
        try await TestConsole.with(settings: settings) { console in
            let outside = await console.send("GET", "/login", headers: [("host", "hooks.example.com")])
            #expect(outside.header("set-cookie")?.contains("; Secure") == true)
            #expect(outside.header("set-cookie")?.contains("HttpOnly; SameSite=Strict") == true)
            let inside = await console.send("GET", "/login", headers: [("host", "127.0.0.1:8081")])
            #expect(inside.header("set-cookie")?.contains("; Secure") == false)
        }
    }

    @Test func theFirstKeyIsMadeOnceAndOnlyWithoutAToken() async throws {
        try await TestConsole.with(settings: [:]) { console in
            try await console.assembly.prepare()
            try await console.assembly.prepare()
            #expect(try await console.assembly.keys.keys().map(\.name) == ["first"])
        }
        try await TestConsole.with { console in
            try await console.assembly.prepare()
            #expect(try await console.assembly.keys.keys().isEmpty)
        }
    }

    @Test func aTokenThatCouldBeGuessedIsRefused() async throws {
        await #expect(throws: (any Error).self) {
            try await TestConsole.with(settings: ["HOOKGATE_ADMIN_TOKEN": "short"]) { _ in }
        }
    }
}
