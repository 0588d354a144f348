import EvolutionSimulator
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Console

/// The life of an integration by pages, against a simulated Evolution server.
@Suite(.timeLimit(.minutes(2)))
struct IntegrationLifePageTests {
    private static let fields = "clinic_id=\(LifeStage.clinic)&display_name=Reception&rehearsal=yes"

    @Test func aCreationIsShownThenMadeOnceAndLeadsToACodeThatBecomesConnected() async throws {
        try await LifeStage.with { stage in
            let browser = try await stage.console.signIn(with: try await stage.console.key(.operator))
            let form = await browser.get("/integrations/new").text
            #expect(form.contains(#"name="clinic_id""#) && form.contains(#"name="idempotency_key""#))
            let fields = Self.fields + "&idempotency_key=one"
            let question = await browser.post("/integrations/new", fields)
            #expect(
                question.status == 200 && question.text.contains("Create \(LifeStage.instance)?"), "\(question.text)")
            #expect(stage.simulator.webhookURL(of: LifeStage.instance) == nil)

            let made = await browser.post("/integrations/new", fields + "&confirmed=yes")
            #expect(made.status == 303, "\(made.text)")
            let place = try #require(made.header("location"))
            let url = try #require(stage.simulator.webhookURL(of: LifeStage.instance))
            #expect(url.hasPrefix("\(LifeStage.base)/webhooks/evolution/whatsapp/hgw_"))
            // Gone back to, the form leads there again; with other fields it does nothing.
            #expect(
                await browser.post("/integrations/new", fields + "&confirmed=yes").header("location") == place)
            let other = await browser.post("/integrations/new", fields + "&label=night&confirmed=yes")
            #expect(other.status == 409)
            #expect(try await stage.rows() == 1)

            let page = await browser.get(place)
            #expect(page.text.contains(#"<svg class="qr""#))
            #expect(page.text.contains(#"<noscript><meta http-equiv="refresh""#))
            let live = try #require(page.text.firstRange(of: #"data-live=""#)).upperBound
            let stream = await browser.get(String(page.text[live...].prefix { $0 != "\"" }))
            try await stage.watch(stream) { [simulator = stage.simulator] part in
                if part.contains(#"class="qr""#) { simulator.scan(LifeStage.instance, number: "15550101001") }
                return part.contains("<strong>Connected</strong> as …1001")
            }
            #expect(stage.simulator.webhookURL(of: LifeStage.instance) == url)
        }
    }

    @Test func sixClicksAtOnceMakeOne() async throws {
        try await LifeStage.with { stage in
            let browser = try await stage.console.signIn(with: try await stage.console.key(.operator))
            let places = await withTaskGroup(of: String?.self) { tasks in
                for click in 0..<6 {
                    tasks.addTask {
                        let key = click < 3 ? "one" : "\(click)"
                        return await browser.post(
                            "/integrations/new", Self.fields + "&confirmed=yes&idempotency_key=\(key)"
                        ).header("location")
                    }
                }
                return await tasks.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(Set(places).count == 1 && places[0]?.hasSuffix("/connect") == true, "\(places)")
            #expect(try await stage.rows() == 1)
            #expect(try await stage.noted("integrations.create") == 1)
        }
    }

    @Test func whatCannotBeMadeLeavesTheFormWithTheReason() async throws {
        try await LifeStage.with { stage in
            let browser = try await stage.console.signIn(with: try await stage.console.key(.operator))
            for (fields, status, reason) in [
                ("display_name=x", 400, "Say which clinic"),
                (Self.fields + "&label=Night", 400, "lower-case letters"),
                (Self.fields.replacing("&rehearsal=yes", with: ""), 422, "this machine"),
                ("clinic_id=c0000000-0000-4000-8000-000000000009&rehearsal=yes", 422, "name the organization"),
            ] {
                let answer = await browser.post("/integrations/new", fields)
                #expect(answer.status == status && answer.text.contains(reason), "\(fields): \(answer.text)")
                #expect(answer.text.contains(#"name="clinic_id""#))
            }
            stage.simulator.add(LifeStage.instance, webhook: "https://staging.example.test/hook")
            let foreign = await browser.post("/integrations/new", Self.fields)
            #expect(foreign.status == 409 && foreign.text.contains("another installation"))
            #expect(try await stage.rows() == 0)
        }
    }

    @Test func withoutAServerThePageSaysWhichSettingsAreMissing() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.operator))
            let page = await browser.get("/integrations/new")
            #expect(page.status == 200)
            for name in ["EVOLUTION_API_URL", "EVOLUTION_API_KEY", "HOOKGATE_PUBLIC_URL"] {
                #expect(page.text.contains("<code>\(name)</code>"), "\(name)")
            }
            #expect(!page.text.contains(#"name="clinic_id""#))
            let sent = await browser.post("/integrations/new", Self.fields + "&confirmed=yes")
            #expect(sent.status == 422 && sent.text.contains("EVOLUTION_API_URL"))
            let connect = await browser.get("/integrations/\(console.ours.integration.text)/connect")
            #expect(connect.status == 422 && connect.text.contains("EVOLUTION_API_URL"))
        }
    }

    @Test func anIntegrationIsHeldBackDeliveredAgainAndDeletedByItsName() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let browser = try await stage.console.signIn(with: key)
            let page = "/integrations/\(try await stage.create(as: key))"
            for (deed, shown) in [("disable", "Enable…"), ("enable", "Disable…")] {
                let question = await browser.post("\(page)/\(deed)", "")
                #expect(question.status == 200 && question.text.contains("What this would do"))
                #expect(try await stage.noted("integrations.\(deed)") == 0)
                #expect(await browser.post("\(page)/\(deed)", "confirmed=yes").status == 303)
                #expect(await browser.get(page).text.contains(shown))
                #expect(try await stage.noted("integrations.\(deed)") == 1)
            }
            let question = await browser.post("\(page)/delete", "")
            #expect(question.text.contains("would be deleted, with its instance at Evolution"))
            #expect(question.text.contains("Type \(LifeStage.instance) to delete it"))
            #expect(await browser.post("\(page)/delete", "confirmed=yes&name=clinic").status == 400)
            #expect(stage.simulator.webhookURL(of: LifeStage.instance) != nil)
            let gone = await browser.post("\(page)/delete", "confirmed=yes&name=\(LifeStage.instance)")
            #expect(gone.status == 303)
            #expect(
                await browser.get(try #require(gone.header("location"))).text.contains("the server confirms"))
            #expect(stage.simulator.webhookURL(of: LifeStage.instance) == nil)
            #expect(await browser.get(page).status == 404)
        }
    }

    /// Addresses end in the logs of proxies and the histories of browsers.
    @Test func noAddressHasTheNumberThatACodeIsAskedFor() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let browser = try await stage.console.signIn(with: key)
            let path = "/integrations/\(try await stage.create(as: key))/connect"
            let number = "15550101001"
            #expect(await browser.post(path, "number=hello").status == 400)
            #expect(await browser.post(path, "number=").header("location") == path)
            let asked = await browser.post(path, "number=\(number)")
            let place = try #require(asked.header("location"))
            #expect(asked.status == 303 && place.hasPrefix("\(path)?for=") && !place.contains(number))
            let page = await browser.get(place).text
            #expect(page.contains(#"class="pairing-code""#) && page.contains(#"method="post" action="\#(path)""#))
            let live = try #require(page.firstRange(of: #"data-live=""#)).upperBound
            let address = String(page[live...].prefix { $0 != "\"" }).replacing("&amp;", with: "&")
            #expect(address.contains("&for=") && !address.contains(number))
            try await stage.watch(await browser.get(address)) { $0.contains("pairing-code") }
            // The word is of this integration alone, and means nothing that was never typed.
            for nothing in [path, "\(path)?for=x"] {
                let page = await browser.get(nothing).text
                #expect(page.contains("svg") && !page.contains(#"class="pairing-code""#))
            }
            let api = "/\(path.split(separator: "/")[1])/connection"
            #expect(await stage.call("GET", "\(api)?number=\(number)", as: key).status == 400)
            #expect(await stage.call("POST", api, #"{"number": "hello"}"#, as: key).status == 400)
        }
    }

    @Test func whatIsHalfDoneIsShownWithHowItGoesOn() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let browser = try await stage.console.signIn(with: key)
            let id = try await stage.create(as: key)
            let begin = """
                INSERT INTO hookgate.integration_lives (kind, integration_id, instance_name, server, state, owns_row,
                    owns_instance, adopts_connected, actor, begun_at, changed_at)
                VALUES ($1, $2::uuid, $3, 'default', $4, true, false, false, 'test', now(), now())
                """
            try await stage.console.database.pool.query(begin, ["create", id, LifeStage.instance, "begun"])
            let half = await browser.get("/integrations/\(id)").text
            #expect(half.contains("It is being made."))
            #expect(half.contains("/integrations/new?clinic_id=\(LifeStage.clinic)"))
            let again = await browser.post("/integrations/new", Self.fields + "&confirmed=yes")
            #expect(again.header("location") == "/integrations/\(id)/connect")

            try await stage.console.database.pool.query(begin, ["delete", id, LifeStage.instance, "deleting"])
            let going = await browser.get("/integrations/\(id)").text
            #expect(going.contains("It is being deleted") && going.contains("Try again now"))
            #expect(await browser.get("/integrations/\(id)/connect").status == 409)
            let gone = await browser.post(
                "/integrations/\(id)/delete", "confirmed=yes&name=\(LifeStage.instance)")
            #expect(gone.header("location") == "/integrations?done=deleted")
            #expect(try await stage.rows() == 0)
        }
    }

    @Test func theDetailShowsTrafficEventsAndHistoryAndMasksTheURL() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let id = try await stage.create(as: key)
            let pool = stage.console.database.pool
            try await pool.query(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count)
                SELECT $1, route, (now() AT TIME ZONE 'UTC')::date - ago, now(), now(), 10
                FROM unnest(ARRAY['token', 'instance']) route, unnest(ARRAY[0, 3, 13, 14]) ago
                WHERE route = 'token' OR ago = 3
                """, [LifeStage.instance])
            try await pool.query(
                """
                INSERT INTO hookgate.status_changes (integration_id, changed_at, from_status, to_status, reason, source, actor)
                VALUES ($1::uuid, now(), 'pending', 'active', 'connected', 'command', 'somebody')
                """, [id])
            let event = stage.console.ours.events[1]
            try await pool.query(
                "UPDATE hookgate.events SET instance_name = $1 WHERE id = $2", [LifeStage.instance, event.uuid])
            let all = try await stage.console.signIn(with: key)
            let page = await all.get("/integrations/\(id)").text
            #expect(page.contains("30 webhooks came on the token URL and 10 on the legacy URL"))
            #expect(page.contains("/events/\(event.text)") && page.contains("by somebody"))
            let days = await stage.call("GET", "/\(id)/traffic?days=4", as: key).text
            #expect(days.split(separator: #""day":"#).count == 5 && days.contains(#""instance":10"#), "\(days)")
            #expect(await stage.call("GET", "/\(id)", as: key).text.contains(#""source":"command""#))
            let token = try await pool.query(
                "SELECT webhook_token FROM healthcare.integrations WHERE id = $1::uuid", [id]
            )[0].decode("webhook_token", as: String.self)
            #expect(page.contains(#"data-copy="\#(LifeStage.base)/webhooks/evolution/whatsapp/hgw_"#))
            #expect(!page.contains(token))
            let own = try await stage.console.signIn(
                with: try await stage.console.key(.viewer, of: stage.console.ours.id))
            let seen = await own.get("/integrations/\(id)").text
            #expect(seen.contains("by a command") && !seen.contains("by somebody"))
            #expect(!seen.contains("Delete…") && !seen.contains("Show the whole URL"))

            let path = "/integrations/\(id)/webhook-url"
            #expect(await all.post(path, "reason=").status == 400)
            #expect(try await stage.noted("integrations.reveal_url") == 0)
            #expect(await all.post(path, "reason=moved+by+hand").text.contains(token))
            #expect(try await stage.noted("integrations.reveal_url") == 1)
        }
    }
}
