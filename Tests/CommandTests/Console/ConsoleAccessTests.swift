import HookgateCore
import HookgateTestSupport
import NIOCore
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
        let isIntegration = route.pattern.text.contains("/integrations/")
        return route.pattern.text
            .replacing("{id}", with: isIntegration ? organization.integration.text : organization.events[1].text)
            .replacing("{name}", with: organization.instance)
            .replacing("{destination}", with: "organization:\(organization.id.text)")
            .replacing("{digest}", with: "00000000")
            .replacing("{link}", with: "hgl_x")
            .replacing("{key}", with: "00000000-0000-4000-8000-000000000000")
    }

    /// What a person or program would send to have something done to an organization's events and integrations.
    private static func body(_ route: Console.Route, _ organization: TestConsole.Organization) -> String {
        guard route.method != .get else { return "" }
        let id = organization.events[route.pattern.text.contains("quarantine") ? 0 : 1].text
        if route.pattern.text.hasSuffix("/revoke") {
            return route.isAPI
                ? #"{"dry_run":false,"confirm":"\#(organization.instance)"}"#
                : "confirmed=yes&typed=\(organization.instance)"
        }
        if route.pattern.text.hasSuffix("/set") {
            return route.isAPI
                ? #"{"dry_run":false,"url":"https://taken.example.org"}"#
                : "confirmed=yes&url=https://taken.example.org"
        }
        if route.pattern.text.hasSuffix("/second-factor") {
            return route.isAPI ? #"{"dry_run":false,"header":true}"# : "confirmed=yes&header=yes"
        }
        if route.pattern.text.contains("/integrations") {
            return route.isAPI
                ? #"{"clinic_id":"\#(organization.clinic.text)","reason":"x","label":"x","dry_run":false}"#
                : "clinic_id=\(organization.clinic.text)&confirmed=yes&reason=x&name=\(organization.instance)"
        }
        return route.isAPI
            ? #"{"decision":"discard","dry_run":false,"note":"x","ids":["\#(id)"],"name":"x","role":"admin"}"#
            : "decision=discard&id=\(id)&note=x&reason=no_clinic&instance=\(organization.instance)&confirmed=yes"
    }

    /// Asks as a person's browser does, or as a program with the person's key.
    private static func send(
        _ route: Console.Route, of organization: TestConsole.Organization, _ browser: Browser, key: String
    ) async -> ConsoleResponse {
        let (target, body) = (Self.target(route, organization), Self.body(route, organization))
        if route.isAPI {
            return await browser.console.send(
                route.method.rawValue, target, headers: Self.json + [("authorization", "Bearer \(key)")], body: body)
        }
        return route.method == .get ? await browser.get(target) : await browser.post(target, body)
    }

    private static func guarded(_ console: TestConsole) -> [Console.Route] {
        console.assembly.site.table.routes.filter { $0.access != .open }
    }

    @Test func noRouteStandsTwice() async throws {
        try await TestConsole.with { console in
            let routes = console.assembly.site.table.routes.map { "\($0.method.rawValue) \($0.pattern.text)" }
            #expect(routes.count == Set(routes).count, "\(routes.sorted())")
        }
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

    @Test func aViewerActsOnNothingAndSeesNothingOfWhatNeedsMore() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            let browser = try await console.signIn(with: key)
            for route in Self.guarded(console) where route.pattern.text != "/logout" {
                guard case .needs(let role, _) = route.access, role > .viewer || route.method != .get else { continue }
                let answer = await Self.send(route, of: console.ours, browser, key: key)
                guard role > .viewer else { continue }
                #expect(answer.status == 403, "\(route.method.rawValue) \(route.pattern.text)")
            }
            #expect(await browser.get("/audit").status == 403)
            #expect(await browser.get("/settings").status == 403)
            try await Self.expectUntouched(console.ours, console)
        }
    }

    @Test(arguments: [false, true])
    func whatIsOneOrganizationsNeverSeesAnothersByteNorTouchesIt(isUser: Bool) async throws {
        try await TestConsole.with { console in
            // Another organization's user is one of its bytes as well.
            _ = try await console.user("user-of-others", .admin, .one(console.others.id))
            let key =
                isUser
                ? try await console.personalKey(of: console.user("ana", .admin, .one(console.ours.id)))
                : try await console.key(.admin, of: console.ours.id)
            let browser = try await console.signIn(with: key)
            for route in Self.guarded(console) where !Self.streams(route) && route.pattern.text != "/logout" {
                let target = Self.target(route, console.others)
                let body = Self.body(route, console.others)
                let answer = await Self.send(route, of: console.others, browser, key: key)
                let what = "\(route.method.rawValue) \(route.pattern.text): \(answer.status)"
                // What was asked for stands in the address, and so may stand in a form; nothing else may.
                for mark in console.others.marks where !target.contains(mark) && !body.contains(mark) {
                    #expect(!answer.text.contains(mark), "\(what)")
                }
                #expect(!answer.text.contains("others-status"), "\(what)")
                #expect(!answer.text.contains("user-of-others"), "\(what)")
                if case .needs(_, .fleet) = route.access { #expect(answer.status == 403, "\(what)") }
                if route.pattern.parameters.contains("id") { #expect(answer.status >= 400, "\(what)") }
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
            for prefix in ["/integrations/", "/api/v1/integrations/"] {
                for (organization, status) in [(console.ours, 200), (console.others, 404)] {
                    let answer = await console.send(
                        "GET", prefix + organization.integration.text,
                        headers: [("cookie", browser.cookie), ("authorization", "Bearer \(key)")])
                    #expect(answer.status == status, "\(prefix)")
                }
            }
        }
    }

    @Test func aMaskedNumberCannotBeGuessedDigitByDigit() async throws {
        try await TestConsole.with { console in
            try await console.database.pool.query(
                "UPDATE healthcare.integrations SET phone_number = '+5511987650123' WHERE id = $1",
                [console.ours.integration.uuid])
            let bearer = ("authorization", "Bearer \(try await console.key(.viewer))")
            for (text, isFound) in [("0123", true), ("123", true), ("50123", false), ("98765", false)] {
                let answer = await console.send("GET", "/api/v1/integrations?text=\(text)", headers: [bearer])
                #expect(answer.status == 200)
                #expect(answer.text.contains(console.ours.integration.text) == isFound, "\(text)")
            }
        }
    }

    @Test func whoAsksForNoBodyTakesNobodysPlace() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.viewer))
            for _ in 0...LiveStream.mostWatchers {
                #expect(await console.send("HEAD", "/live/fleet", headers: [("cookie", browser.cookie)]).status == 200)
            }
            #expect(await browser.get("/live/fleet").status == 200)
        }
    }

    /// What one organization sees is the same whoever has done something to it.
    @Test func noPageOfOneOrganizationNamesWhoSeesAllOfThem() async throws {
        try await TestConsole.with { console in
            let (ours, name) = (console.ours, "everybodys-operator")
            let secret = AccessSecret.random(.key)
            let draft = try #require(AccessKeyDraft(name: name, role: .admin))
            _ = try await console.assembly.keys.create(draft, secret, by: "test", at: TimeSource.system.now)
            let deeds = [
                ("/integrations/\(ours.integration.text)/rotate", #"{"dry_run": false}"#),
                ("/integrations/\(ours.integration.text)/disable", "{}"),
                ("/integrations/\(ours.integration.text)/enable", "{}"),
                ("/destinations/organization:\(ours.id.text)/pause", #"{"dry_run": false}"#),
                (
                    "/events/decide",
                    #"{"decision": "discard", "dry_run": false, "note": "x", "ids": ["\#(ours.events[1].text)"]}"#
                ),
            ]
            for (path, body) in deeds {
                let answer = await console.api("POST", path, key: secret.secretText, body)
                #expect(answer.status < 300, "\(path): \(answer.text)")
            }
            let whole = await console.api(
                "GET", "/integrations/\(ours.integration.text)/rotation", key: secret.secretText)
            #expect(whole.text.contains(name))
            let key = try await console.key(.admin, of: ours.id)
            let browser = try await console.signIn(with: key)
            for route in Self.guarded(console) where route.method == .get && !Self.streams(route) {
                let answer = await Self.send(route, of: ours, browser, key: key)
                #expect(!answer.text.contains(name), "\(route.pattern.text)")
            }
        }
    }

    @Test func anAddressMakesNoPageSayWhatIsNotOurs() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.admin))
            for route in Self.guarded(console) where route.method == .get && !route.isAPI && !Self.streams(route) {
                let target = Self.target(route, console.ours)
                let page = await browser.get("\(target)?done=Call%20this%20number")
                #expect(!page.text.contains("Call this number"), "\(target)")
            }
            #expect(await browser.get("/quarantine?done=released.3.1").text.contains("Released 3; 1 stay held."))
            #expect(await browser.get("/events?done=parked.2").text.contains("Parked: 2 events."))
        }
    }

    /// Streams that one organization opens until it gets no more.
    @Test func oneOrganizationLeavesWatchersOfOthersTheirPlaces() async throws {
        try await TestConsole.with { console in
            let ours = try await console.signIn(with: try await console.key(.viewer, of: console.ours.id))
            let others = try await console.signIn(with: try await console.key(.viewer, of: console.others.id))
            await withTaskGroup(of: Void.self) { tasks in
                let (opened, opening) = AsyncStream.makeStream(of: Void.self)
                var open = 0
                while case .stream(let body) = await ours.get("/live/fleet").body, open < LiveStream.mostWatchers {
                    tasks.addTask {
                        await body(
                            ConsoleStream { piece in
                                if String(decoding: piece, as: UTF8.self).hasPrefix("retry") { opening.yield() }
                            })
                    }
                    open += 1
                    // The first piece comes when it has its place.
                    for await _ in opened { break }
                }
                #expect(open == LiveStream.mostWatchers / 2)
                #expect(await ours.get("/live/fleet").status == 503)
                #expect(await others.get("/live/fleet").status == 200)
                tasks.cancelAll()
            }
        }
    }

    @Test func oneExaminationAnswersAllWhoAsk() async throws {
        struct Findings: Decodable {
            struct Finding: Decodable {
                let total: Int
                let items: [Item]
            }

            struct Item: Decodable {}

            let examinedAt: String
            let findings: [Finding]
        }
        try await TestConsole.with { console in
            let bearer = ("authorization", "Bearer \(try await console.key(.viewer))")
            func ask(_ query: String) async throws -> Findings {
                let answer = await console.send("GET", "/api/v1/doctor\(query)", headers: [bearer])
                return try ConsoleCaller.decode(Findings.self, ByteBuffer(string: answer.text))
            }
            let (some, one) = (try await ask(""), try await ask("?limit=1"))
            #expect(some.examinedAt == one.examinedAt)
            #expect(some.findings.contains { $0.items.count == 2 })
            #expect(one.findings.allSatisfy { $0.items.count == min(1, $0.total) })
            let browser = try await console.signIn(with: try await console.key(.operator))
            #expect(await browser.post("/doctor", "").status == 303)
            #expect(try await ask("").examinedAt != some.examinedAt)
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

    @Test func aPageIsCalledWhatItsRouteSaysAlsoWhereItFails() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.viewer))
            #expect(await browser.get("/integrations").text.contains("<title>Integrations · hookgate</title>"))
            #expect(
                await browser.post("/switch-over/pause", "").text.contains(
                    "<title>Pause: Not allowed · hookgate</title>"))
        }
    }

    private static func streams(_ route: Console.Route) -> Bool { route.pattern.text.hasPrefix("/live/") }

    private static func expectUntouched(
        _ organization: TestConsole.Organization, _ console: TestConsole
    ) async throws {
        let stored = StoredEvents(console.database)
        #expect(try await stored.state(of: organization.events[0]) == .quarantined)
        #expect(try await stored.state(of: organization.events[1]) == .parked)
        let rows = try await console.database.pool.query(
            "SELECT enabled FROM healthcare.integrations WHERE organization_id = $1", [organization.id.uuid])
        #expect(try rows.map { try $0.decode("enabled", as: Bool.self) } == [true])
        let token = "left(encode(sha256(convert_to(webhook_token, 'UTF8')), 'hex'), 8)"
        let fingerprint = try await stored.text(
            "SELECT \(token) FROM healthcare.integrations WHERE id = '\(organization.integration.text)'")
        #expect(fingerprint == organization.fingerprint)
        let destination = try await stored.text(
            """
            SELECT url || ' ' || is_paused FROM hookgate.destinations
            WHERE id = 'organization:\(organization.id.text)'
            """)
        #expect(destination == "https://\(organization.host)/in false")
        #expect(try await stored.text("SELECT count(*) FROM hookgate.second_factors") == "0")
    }
}
