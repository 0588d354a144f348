import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

/// Every route there is, tried by everybody who may not use it.
@Suite(.timeLimit(.minutes(2)))
struct ConsoleAccessTests {
    private static let json = [("content-type", "application/json")]

    /// A request to a route, its named parts filled with what belongs to an organization.
    private static func target(_ route: Console.Route, _ organization: TestConsole.Organization) -> String {
        route.pattern.text
            .replacing("{id}", with: organization.events[1].text)
            .replacing("{name}", with: organization.instance)
            .replacing("{digest}", with: "00000000")
            .replacing("{link}", with: "hgl_x")
    }

    /// What a person or program would send to have something done to an organization's events.
    private static func body(_ route: Console.Route, _ organization: TestConsole.Organization) -> String {
        guard route.method != .get else { return "" }
        let id = organization.events[route.pattern.text.contains("quarantine") ? 0 : 1].text
        return route.isAPI
            ? #"{"decision":"discard","dry_run":false,"note":"x","ids":["\#(id)"],"name":"x","role":"admin"}"#
            : "decision=discard&id=\(id)&note=x&reason=no_clinic&instance=\(organization.instance)&confirmed=yes"
    }

    private static func guarded(_ console: TestConsole) -> [Console.Route] {
        console.assembly.site.table.routes.filter { $0.access != .open }
    }

    @Test func withoutAKeyEveryRouteIsDenied() async throws {
        try await TestConsole.with { console in
            for route in Self.guarded(console) {
                let answer = await console.send(
                    route.method.rawValue, Self.target(route, console.ours), headers: route.isAPI ? Self.json : [],
                    body: Self.body(route, console.ours))
                let what = "\(route.method.rawValue) \(route.pattern.text)"
                if route.isAPI {
                    #expect(answer.status == 401, "\(what)")
                } else {
                    #expect(answer.status == 303, "\(what)")
                    #expect(answer.header("location")?.hasPrefix("/login") == true, "\(what)")
                }
                for mark in console.ours.marks { #expect(!answer.text.contains(mark), "\(what)") }
            }
        }
    }

    @Test func aViewerActsOnNothing() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            let browser = try await console.signIn(with: key)
            for route in Self.guarded(console) where route.method != .get && route.pattern.text != "/logout" {
                let target = Self.target(route, console.ours)
                let body = Self.body(route, console.ours)
                let answer =
                    route.isAPI
                    ? await console.send(
                        route.method.rawValue, target, headers: Self.json + [("authorization", "Bearer \(key)")],
                        body: body) : await browser.post(target, body)
                guard case .needs(let role, _) = route.access, role > .viewer else { continue }
                #expect(answer.status == 403, "\(route.method.rawValue) \(route.pattern.text)")
            }
            try await Self.expectUntouched(console.ours, console)
        }
    }

    @Test func oneOrganizationsKeyNeverSeesAnothersByteNorTouchesIt() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.admin, of: console.ours.id)
            let browser = try await console.signIn(with: key)
            for route in Self.guarded(console) where !Self.streams(route) && route.pattern.text != "/logout" {
                let target = Self.target(route, console.others)
                let body = Self.body(route, console.others)
                let answer: ConsoleResponse
                if route.isAPI {
                    answer = await console.send(
                        route.method.rawValue, target, headers: Self.json + [("authorization", "Bearer \(key)")],
                        body: body)
                } else if route.method == .get {
                    answer = await browser.get(target)
                } else {
                    answer = await browser.post(target, body)
                }
                let what = "\(route.method.rawValue) \(route.pattern.text): \(answer.status)"
                // What was asked for stands in the address, and so may stand in a form; nothing else may.
                for mark in console.others.marks where !target.contains(mark) && !body.contains(mark) {
                    #expect(!answer.text.contains(mark), "\(what)")
                }
                #expect(!answer.text.contains("others-status"), "\(what)")
                if case .needs(_, .fleet) = route.access { #expect(answer.status == 403, "\(what)") }
            }
            try await Self.expectUntouched(console.others, console)
        }
    }

    @Test func oneOrganizationsKeySeesItsOwn() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer, of: console.ours.id)
            let browser = try await console.signIn(with: key)
            #expect(await browser.get("/").text.contains("ours-status"))
            #expect(await browser.get("/events").text.contains(console.ours.events[1].text))
            #expect(await browser.get("/events/\(console.ours.events[1].text)").status == 200)
            #expect(await browser.get("/events/\(console.others.events[1].text)").status == 404)
        }
    }

    @Test func anotherSessionsFormDoesNothing() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let one = try await console.signIn(with: key)
            let other = try await console.signIn(with: key)
            let mixed = Browser(console: console, cookie: one.cookie, formToken: other.formToken)
            let fields = "decision=discard&id=\(console.ours.events[1].text)&note=x&confirmed=yes"
            #expect(await mixed.post("/events/decide", fields).status == 403)
            try await Self.expectUntouched(console.ours, console)
            #expect(await one.post("/events/decide", fields).status == 303)
        }
    }

    @Test func everyAnswerForbidsWhatIsNotOurs() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.admin))
            for route in console.assembly.site.table.routes where route.method == .get && !Self.streams(route) {
                let answer = await browser.get(Self.target(route, console.ours))
                #expect(answer.header("content-security-policy")?.hasPrefix("default-src 'none'") == true)
                #expect(answer.header("x-content-type-options") == "nosniff")
                // Nothing is loaded from elsewhere, and nothing runs or is styled inside the page.
                let text = answer.text.replacing("http://www.w3.org/2000/svg", with: "")
                for telling in ["src=\"http", "href=\"http", "@import", " style=\"", " onclick=", "<script>"] {
                    #expect(!text.contains(telling), "\(route.pattern.text) has \(telling)")
                }
            }
        }
    }

    private static func streams(_ route: Console.Route) -> Bool { route.pattern.text.hasPrefix("/live/") }

    private static func expectUntouched(
        _ organization: TestConsole.Organization, _ console: TestConsole
    ) async throws {
        let stored = StoredEvents(console.database)
        #expect(try await stored.state(of: organization.events[0]) == .quarantined)
        #expect(try await stored.state(of: organization.events[1]) == .parked)
    }
}
