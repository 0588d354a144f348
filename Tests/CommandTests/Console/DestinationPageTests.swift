import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

/// Destinations on their pages and over the API.
@Suite(.timeLimit(.minutes(1)))
struct DestinationPageTests {
    private struct List: Decodable {
        struct Row: Decodable {
            let destination: String
            let to: String?
            let state: String
            let waiting: Int?
        }

        let destinations: [Row]
        let nextCursor: String?
    }

    private static func list(_ console: TestConsole, _ key: String, _ query: String = "") async throws -> List {
        try ConsoleCaller.decode(
            List.self, ByteBuffer(string: await console.api("GET", "/destinations\(query)", key: key).text))
    }

    private static func stored(_ console: TestConsole, _ scope: String) async throws -> DestinationRecord? {
        let scope = try #require(DestinationScope(scope))
        return try await console.assembly.site.parts.destinations.destination(of: scope)
    }

    @Test func aDestinationIsShownAsItWouldBeBeforeItIsSet() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.admin))
            let scope = "clinic:\(console.ours.clinic.text)"
            let form = await browser.get("/destinations?name=\(scope)")
            #expect(form.header("location") == "/destinations/\(scope)")
            #expect(await browser.get("/destinations/\(scope)").text.contains("Set it"))
            let fields =
                "whole=yes&url=https://user:secret@clinic.example.org/in&format=envelope&kinds=messages.upsert&groups=yes"
            let question = await browser.post("/destinations/\(scope)/set", fields)
            #expect(question.status == 200 && question.text.contains("https://clinic.example.org/…"))
            #expect(try await Self.stored(console, scope) == nil)
            let done = await browser.post("/destinations/\(scope)/set", fields + "&confirmed=yes")
            #expect(done.header("location") == "/destinations/\(scope)?done=secret")
            let record = try #require(try await Self.stored(console, scope))
            #expect(record.kind == .webhook(url: "https://user:secret@clinic.example.org/in"))
            #expect(record.format == .envelope && record.selection.kinds == ["messages.upsert"])
            #expect(record.selection.groups && !record.selection.ownMessages && record.secrets != nil)
            let page = await browser.get("/destinations/\(scope)?done=secret").text
            let secret = try #require(record.secrets?.secrets.first?.secretText)
            #expect(!page.contains(secret) && !page.contains("user:secret") && page.contains("--reveal"))
            let noted = try await StoredEvents(console.database).text(
                "SELECT detail::text FROM hookgate.audit_log WHERE action = 'destinations.set'")
            #expect(noted?.contains("https://clinic.example.org/…") == true)
            #expect(noted?.contains("secret@") == false)
        }
    }

    /// The revision that a form or an answer carries.
    private static func revision(_ answer: ConsoleResponse, after mark: String) throws -> String {
        let start = try #require(answer.text.firstRange(of: mark), "\(answer.text)")
        return String(answer.text[start.upperBound...].prefix { $0 != "\"" })
    }

    @Test func aFormFromBeforeSomebodyElsesChangeChangesNothing() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.admin)
            let browser = try await console.signIn(with: key)
            let name = "organization:\(console.ours.id.text)"
            let path = "/destinations/\(name)"
            let field = #"name="expected" value=""#
            let seen = try Self.revision(await browser.get(path), after: field)
            let other = await console.api("POST", "\(path)/set", key: key, #"{"dry_run": false, "groups": false}"#)
            #expect(other.status == 200, "\(other.text)")
            for confirmed in ["", "&confirmed=yes"] {
                let stale = await browser.post("\(path)/set", "width=7&expected=\(seen)\(confirmed)")
                #expect(stale.status == 409 && stale.text.contains("Somebody else has changed this destination"))
            }
            #expect(try await Self.stored(console, name)?.width != 7)
            let fresh = try Self.revision(await browser.get(path), after: field)
            let question = await browser.post("\(path)/set", "width=7&expected=\(fresh)")
            #expect(question.status == 200)
            #expect(try Self.revision(question, after: field) == fresh)
            #expect(await browser.post("\(path)/set", "width=7&expected=\(fresh)&confirmed=yes").status == 303)
            let record = try #require(try await Self.stored(console, name))
            #expect(record.width == 7 && !record.selection.groups)
        }
    }

    @Test func aProgramSaysWhichRevisionItHasLookedAt() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.admin)
            let path = "/destinations/organization:\(console.ours.id.text)"
            func set(_ path: String, _ expected: String) async -> Int {
                await console.api(
                    "POST", "\(path)/set", key: key,
                    #"{"dry_run": false, "url": "https://\#(expected).example.org", "expected_revision": "\#(expected)"}"#
                ).status
            }
            let seen = try Self.revision(await console.api("GET", path, key: key), after: #""revision":""#)
            #expect(await set(path, "none") == 409)
            #expect(await set(path, seen) == 200)
            #expect(await set(path, seen) == 409)
            let new = "/destinations/clinic:\(console.ours.clinic.text)"
            #expect(await set(new, seen) == 409)
            #expect(await set(new, "none") == 200)
            #expect(await set(new, "none") == 409)
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000", 422), ("http://localhost/in", 422), ("http://169.254.169.254/latest", 422),
        ("http://[::1]/", 422), ("ftp://example.org", 422), ("https://backend.example.org", 200),
    ])
    func privateAddressesAreRefused(_ url: String, _ status: Int) async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.admin)
            let answer = await console.api("POST", "/destinations/default/set", key: key, #"{"url": "\#(url)"}"#)
            #expect(answer.status == status, "\(answer.text)")
            #expect(try await Self.stored(console, "default") == nil)
        }
    }

    @Test func aPrivateAddressIsTakenWhereTheOperatorAllowsIt() async throws {
        try await TestConsole.with(
            settings: [
                "HOOKGATE_ADMIN_TOKEN": TestConsole.configuredToken, "HOOKGATE_DELIVER_PRIVATE_NETWORKS": "allow",
            ]
        ) { console in
            let key = try await console.key(.admin)
            let answer = await console.api(
                "POST", "/destinations/default/set", key: key, #"{"dry_run": false, "url": "http://127.0.0.1:8000"}"#)
            #expect(answer.status == 200 && answer.text.contains(#""outcome":"done""#), "\(answer.text)")
            let again = await console.api(
                "POST", "/destinations/default/set", key: key, #"{"dry_run": false, "url": "http://127.0.0.1:8000"}"#)
            #expect(again.text.contains(#""outcome":"unchanged""#))
        }
    }

    @Test func whatWaitsIsCountedForTheNarrowestDestination() async throws {
        try await TestConsole.with { console in
            let stored = StoredEvents(console.database)
            for _ in 1...3 { try await stored.add(.pending, organization: console.ours.id) }
            for _ in 1...2 {
                try await stored.add(.pending, clinic: console.ours.clinic, organization: console.ours.id)
            }
            try await stored.add(.pending)
            let key = try await console.key(.admin)
            let set = await console.api(
                "POST", "/destinations/clinic:\(console.ours.clinic.text)/set", key: key,
                #"{"dry_run": false, "url": "https://clinic.example.org"}"#)
            #expect(set.status == 200, "\(set.text)")
            let rows = try await Self.list(console, key).destinations
            #expect(rows.map(\.destination).first == "default")
            let waiting = Dictionary(uniqueKeysWithValues: rows.map { ($0.destination, $0.waiting) })
            #expect(waiting["default"] == 1)
            #expect(waiting["clinic:\(console.ours.clinic.text)"] == 2)
            #expect(waiting["organization:\(console.ours.id.text)"] == 3)
            #expect(waiting["organization:\(console.others.id.text)"] == 0)
            let removal = await console.api(
                "POST", "/destinations/organization:\(console.ours.id.text)/remove", key: key)
            #expect(removal.text.contains(#""waiting":3"#) && removal.text.contains(#""outcome":"dry_run""#))
            let page = try await console.signIn(with: key)
                .post("/destinations/organization:\(console.ours.id.text)/remove", "")
            #expect(page.text.contains("<strong>3</strong> events wait for it now"))
        }
    }

    @Test func aListOfDestinationsGoesOnWhereThePageBeforeEnded() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            var seen: [String] = []
            var cursor = ""
            repeat {
                let page = try await Self.list(console, key, "?limit=1\(cursor)")
                seen += page.destinations.map(\.destination)
                cursor = page.nextCursor.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && seen.count < 10
            let organizations = [console.ours.id.text, console.others.id.text].sorted().map { "organization:\($0)" }
            #expect(seen == ["default"] + organizations)
        }
    }

    @Test func pausingResumingAndRemovingAskAndAreNoted() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.admin))
            let path = "/destinations/organization:\(console.ours.id.text)"
            for (verb, isPaused) in [("pause", true), ("resume", false)] {
                #expect(await browser.post("\(path)/\(verb)", "").text.contains("the destination organization:"))
                #expect(try await Self.stored(console, "organization:\(console.ours.id.text)")?.isPaused == !isPaused)
                #expect(await browser.post("\(path)/\(verb)", "confirmed=yes").status == 303)
                #expect(try await Self.stored(console, "organization:\(console.ours.id.text)")?.isPaused == isPaused)
            }
            #expect(await browser.post("\(path)/remove", "confirmed=yes").status == 303)
            #expect(try await Self.stored(console, "organization:\(console.ours.id.text)") == nil)
            #expect(await browser.post("\(path)/remove", "confirmed=yes").status == 404)
            let noted = try await StoredEvents(console.database).text(
                "SELECT string_agg(action, ' ' ORDER BY id) FROM hookgate.audit_log WHERE action LIKE 'destinations.%'")
            #expect(noted == "destinations.pause destinations.resume destinations.remove")
        }
    }

    @Test func oneOrganizationSetsItsOwnAndNothingThatIsShared() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.admin, of: console.ours.id)
            let wish = #"{"dry_run": false, "url": "https://own.example.org"}"#
            func set(_ scope: String, _ wish: String) async -> Int {
                await console.api("POST", "/destinations/\(scope)/set", key: key, wish).status
            }
            for own in [
                "organization:\(console.ours.id.text)", "clinic:\(console.ours.clinic.text)",
                "integration:\(console.ours.integration.text)",
            ] {
                #expect(await set(own, wish) == 200, "\(own)")
            }
            for foreign in [
                "default", "organization:\(console.others.id.text)", "clinic:\(console.others.clinic.text)",
                "integration:\(console.others.integration.text)", "clinic:\(UUID().uuidString)",
            ] {
                #expect(await set(foreign, wish) == 404, "\(foreign)")
            }
            let stream = #"{"dry_run": false, "redis_stream": "hookgate"}"#
            #expect(await set("clinic:\(console.ours.clinic.text)", stream) == 422)
            #expect(try await Self.list(console, key).destinations.count == 3)
            // A clinic that stands in two organizations is neither's.
            try await console.database.pool.query(
                "UPDATE healthcare.integrations SET clinic_id = $1 WHERE id = $2",
                [console.ours.clinic.uuid, console.others.integration.uuid])
            #expect(await set("clinic:\(console.ours.clinic.text)", wish) == 404)
            #expect(try await Self.list(console, key).destinations.count == 2)
        }
    }

    @Test func aClinicThatMovesLeavesItsDestinationBehind() async throws {
        try await TestConsole.with { console in
            let scope = "clinic:\(console.ours.clinic.text)"
            let (ours, others) = (
                try await console.key(.admin, of: console.ours.id), try await console.key(.admin, of: console.others.id)
            )
            func set(_ host: String, as key: String) async -> Int {
                await console.api(
                    "POST", "/destinations/\(scope)/set", key: key, #"{"dry_run": false, "url": "https://\#(host)"}"#
                ).status
            }
            #expect(await set("before.example.org", as: ours) == 200)
            try await console.database.pool.query(
                "UPDATE healthcare.integrations SET organization_id = $1 WHERE clinic_id = $2",
                [console.others.id.uuid, console.ours.clinic.uuid])
            let seen = try await Self.list(console, others).destinations.map(\.destination)
            #expect(!seen.contains(scope))
            let paused = await console.api("POST", "/destinations/\(scope)/pause", key: others, #"{"dry_run": false}"#)
            #expect(paused.status == 404)
            #expect(await set("after.example.org", as: others) == 200)
            let record = try #require(try await Self.stored(console, scope))
            #expect(record.organization == console.others.id)
            #expect(record.kind == .webhook(url: "https://after.example.org"))
        }
    }

    /// One has no clinic, and no other integration has one.
    @Test func anIntegrationWithoutAClinicHindersNoQuestion() async throws {
        try await TestConsole.with { console in
            try await console.database.pool.query("UPDATE healthcare.integrations SET clinic_id = NULL")
            let key = try await console.key(.admin, of: console.ours.id)
            let wish = #"{"dry_run": false, "url": "https://own.example.org"}"#
            let path = "/destinations/clinic:\(console.ours.clinic.text)/set"
            #expect(await console.api("POST", path, key: key, wish).status == 404)
        }
    }

    @Test func whatTheConfigurationSaysOfTheDefaultIsChangedThere() async throws {
        try await TestConsole.with(
            settings: [
                "HOOKGATE_ADMIN_TOKEN": TestConsole.configuredToken,
                "HOOKGATE_DELIVER_URL": "https://operator.example.org/secret-path",
            ]
        ) { console in
            let key = try await console.key(.admin)
            let refused = await console.api(
                "POST", "/destinations/default/set", key: key, #"{"url": "https://other.example.org"}"#)
            #expect(refused.status == 422 && refused.text.contains("HOOKGATE_DELIVER_URL"))
            let paused = await console.api("POST", "/destinations/default/pause", key: key, #"{"dry_run": false}"#)
            #expect(paused.status == 200, "\(paused.text)")
            let row = try #require(try await Self.list(console, key).destinations.first)
            #expect(row.to == "https://operator.example.org/…" && row.state == "paused")
        }
    }
}
