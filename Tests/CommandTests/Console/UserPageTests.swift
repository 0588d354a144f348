import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

/// Users and their keys on the pages and over the API.
@Suite(.timeLimit(.minutes(1)))
struct UserPageTests {
    private struct User: Decodable {
        let name: String
        let displayName: String?
        let role: String
        let organizationId: String?
        let disabledAt: String?
        let keys: Int
    }

    private struct Changed: Decodable {
        let outcome: String
        let user: User
        let endedKeys: Int
        let endedSessions: Int
    }

    private struct Made: Decodable {
        struct Key: Decodable {
            let id: String
            let name: String
            let role: String
            let user: String?
        }

        let key: Key
        let secret: String?
    }

    private static func read<Body: Decodable>(_ type: Body.Type, _ answer: ConsoleResponse) throws -> Body {
        #expect((200...201).contains(answer.status), "\(answer.text)")
        return try ConsoleCaller.decode(type, ByteBuffer(string: answer.text))
    }

    /// The one text in a page that begins so.
    private static func shown(_ prefix: String, _ page: ConsoleResponse) throws -> String {
        #expect(page.status == 200 && page.header("cache-control") == "no-store")
        let start = try #require(page.text.firstRange(of: prefix)).lowerBound
        return String(page.text[start...].prefix { $0 != "<" && $0 != "\"" && !$0.isWhitespace })
    }

    private static func secret(in address: String) -> String { String(address.split(separator: "/").last ?? "") }

    @Test func anAdminMakesAUserWhoSignsInByALinkAndMakesAKeyOfTheirOwn() async throws {
        try await TestConsole.with { console in
            let admin = try await console.signIn(with: try await console.key(.admin))
            let created = await admin.post(
                "/settings/users", "name=ana&display_name=Ana+Souza&role=operator&organization=")
            #expect(created.header("location") == "/settings/users/ana")
            #expect(await admin.get("/settings/users").text.contains("Ana Souza"))
            let link = try Self.shown("http", await admin.post("/settings/users/ana/invite", ""))
            let ana = try await console.signIn(with: Self.secret(in: link))
            #expect(await ana.get("/account").text.contains("invitation"))
            #expect(await ana.get("/settings/users").status == 403)
            let key = try Self.shown("hgk_", await ana.post("/account/keys", "name=laptop"))
            let me = await console.api("GET", "/me", key: key)
            #expect(me.text == #"{"key":"laptop","name":"ana","role":"operator"}"#)
            // What another one has is not there for her.
            let others = try #require(
                try await console.assembly.keys.keys().first { $0.user == nil }
            ).id.text
            #expect(await ana.post("/account/keys/\(others)/revoke", "confirmed=yes").status == 404)
            let own = try #require(try await console.assembly.keys.keys().first { $0.name == "laptop" }).id.text
            #expect(await ana.post("/account/keys/\(own)/revoke", "confirmed=yes").status == 303)
            #expect(await console.api("GET", "/me", key: key).status == 401)
            let pages = await admin.get("/settings").text + admin.get("/settings/users/ana").text
            for secret in [key, Self.secret(in: link)] { #expect(!pages.contains(secret.dropFirst(4))) }
            let signedIn = try await console.database.text(
                "SELECT actor || detail::text FROM hookgate.audit_log WHERE action = 'console.sign_in' AND actor = 'ana'"
            )
            #expect(signedIn == #"ana{"key": "invitation"}"#)
        }
    }

    @Test func demotingAndDisablingActOnThePageThatIsOpen() async throws {
        try await TestConsole.with { console in
            let admin = try await console.signIn(with: try await console.key(.admin))
            let ana = try await console.user("ana", .admin)
            let browser = try await console.signIn(with: try await console.personalKey(of: ana))
            #expect(await browser.get("/settings/users").status == 200)
            let asked = await admin.post("/settings/users/ana/set", "whole=yes&role=viewer&organization=")
            #expect(asked.status == 200 && asked.text.contains("Change ana?"))
            #expect(await browser.get("/settings/users").status == 200)
            _ = await admin.post(
                "/settings/users/ana/set", "whole=yes&role=viewer&organization=\(console.ours.id.text)&confirmed=yes")
            #expect(await browser.get("/settings").status == 403)
            #expect(await browser.get("/events/\(console.others.events[1].text)").status == 404)
            #expect(await browser.get("/events/\(console.ours.events[1].text)").status == 200)
            #expect(await admin.post("/settings/users/ana/disable", "").text.contains("1 key or link and 1 session"))
            #expect(await browser.get("/").status == 200)
            #expect(await admin.post("/settings/users/ana/disable", "confirmed=yes").status == 303)
            #expect(await browser.get("/").status == 303)
            #expect(await admin.post("/settings/users/ana/invite", "").status == 409)
            #expect(await admin.post("/settings/users/ana/enable", "confirmed=yes").status == 303)
            #expect(await browser.get("/").status == 303)
        }
    }

    @Test func theAPIDoesWhatThePagesDo() async throws {
        try await TestConsole.with { console in
            let admin = try await console.key(.admin)
            let wish = #"{"name":"ana","role":"admin","display_name":"Ana"}"#
            let again = [("idempotency-key", "one")]
            let first = await console.api("POST", "/users", key: admin, wish, headers: again)
            let second = await console.api("POST", "/users", key: admin, wish, headers: again)
            #expect(first.status == 201 && second.text == first.text)
            #expect(second.header("idempotency-replayed") == "true")
            #expect(await console.api("POST", "/users", key: admin, wish).status == 409)
            #expect(await console.api("POST", "/users", key: admin, #"{"name":"An a","role":"admin"}"#).status == 400)

            let path = "/users/ana"
            let dry = try Self.read(
                Changed.self, await console.api("POST", "\(path)/set", key: admin, #"{"role":"viewer"}"#))
            #expect(dry.outcome == "dry_run" && dry.user.role == "viewer")
            let narrowed = #"{"role":"viewer","organization_id":"\#(console.ours.id.text)","dry_run":false}"#
            let set = try Self.read(Changed.self, await console.api("POST", "\(path)/set", key: admin, narrowed))
            #expect(set.outcome == "done" && set.user.organizationId == console.ours.id.text)
            #expect(set.user.displayName == "Ana")

            let invited = await console.api("POST", "\(path)/invite", key: admin)
            #expect(invited.status == 201 && invited.text.contains("/login/hgl_"))
            #expect(try Self.read(User.self, await console.api("GET", path, key: admin)).disabledAt == nil)
            let off = await console.api("POST", "\(path)/disable", key: admin, #"{"dry_run":false}"#)
            let disabled = try Self.read(Changed.self, off)
            #expect(disabled.user.disabledAt != nil && disabled.endedKeys == 1 && disabled.endedSessions == 0)
            let on = try Self.read(
                Changed.self, await console.api("POST", "\(path)/enable", key: admin, #"{"dry_run":false}"#))
            #expect(on.outcome == "done" && on.user.disabledAt == nil)
            #expect(await console.api("GET", "/users/nobody", key: admin).status == 404)

            _ = try await console.user("bob", .viewer)
            let page = await console.api("GET", "/users?limit=1", key: admin).text
            #expect(page.contains(#""next_cursor":"ana""#) && !page.contains("bob"))
            #expect(await console.api("GET", "/users?limit=1&cursor=ana", key: admin).text.contains("bob"))
        }
    }

    @Test func aKeysSecretIsAnsweredOnceAndKeptNowhere() async throws {
        try await TestConsole.with { console in
            let admin = try await console.key(.admin)
            _ = try await console.user("ana", .operator)
            let wish = #"{"name":"laptop","user":"ana","expires_at":"2099-01-01T00:00:00Z"}"#
            let again = [("idempotency-key", "one")]
            let answer = await console.api("POST", "/keys", key: admin, wish, headers: again)
            let made = try Self.read(Made.self, answer)
            let secret = try #require(made.secret)
            #expect(made.key.user == "ana" && made.key.role == "operator")
            let repeated = try Self.read(
                Made.self, await console.api("POST", "/keys", key: admin, wish, headers: again))
            #expect(repeated.secret == nil && repeated.key.id == made.key.id)
            #expect(await console.api("POST", "/me/keys", key: admin, #"{"name":"mine"}"#).status == 409)
            let own = try Self.read(
                Made.self, await console.api("POST", "/me/keys", key: secret, #"{"name":"phone"}"#))
            #expect(own.key.user == "ana")
            #expect(await console.api("GET", "/keys?user=ana", key: admin).text.contains("phone"))
            let kept = try await console.database.text(
                "SELECT string_agg(convert_from(body, 'UTF8'), '') FROM hookgate.idempotency_keys")
            #expect(kept?.contains("laptop") == true && kept?.contains(secret) == false)
            for wrong in [
                #"{"name":"x","user":"ana","role":"admin"}"#, #"{"name":"x"}"#,
                #"{"name":"x","role":"viewer","expires_at":"2001-01-01T00:00:00Z"}"#,
            ] {
                #expect(await console.api("POST", "/keys", key: admin, wrong).status == 400, "\(wrong)")
            }
            #expect(await console.api("DELETE", "/me/keys/\(made.key.id)", key: secret).status == 200)
            #expect(await console.api("GET", "/me", key: secret).status == 401)
        }
    }

    @Test func theLastWayInIsNotTakenWhereNoTokenIsConfigured() async throws {
        try await TestConsole.with(settings: [:]) { console in
            let ana = try await console.user("ana", .admin)
            let key = try await console.personalKey(of: ana)
            let browser = try await console.signIn(with: key)
            for deed in ["disable", "set"] {
                let fields = "confirmed=yes&role=operator"
                #expect(await browser.post("/settings/users/ana/\(deed)", fields).status == 409)
            }
            let own = try #require(try await console.assembly.keys.keys().first).id.text
            #expect(await browser.post("/account/keys/\(own)/revoke", "confirmed=yes").status == 409)
            #expect(await console.api("DELETE", "/keys/\(own)", key: key).status == 409)
            #expect(await console.api("GET", "/me", key: key).status == 200)
            _ = try await console.key(.admin)
            #expect(await browser.post("/settings/users/ana/disable", "confirmed=yes").status == 303)
        }
        try await TestConsole.with { console in
            let ana = try await console.user("ana", .admin)
            let key = try await console.personalKey(of: ana)
            #expect(await console.api("POST", "/users/ana/disable", key: key, #"{"dry_run":false}"#).status == 200)
        }
    }
}
