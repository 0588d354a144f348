import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Synchronization
import Testing

@testable import Console
@testable import HookgateCommands

/// The life of an integration over the API, against a simulated Evolution server.
@Suite(.timeLimit(.minutes(2)))
struct IntegrationLifeAPITests {
    private static let body = #"{"clinic_id":"\#(LifeStage.clinic)","rehearsal":true}"#

    @Test func oneIdempotencyKeyMakesOneAndAnswersTheSame() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let dry = await stage.call("POST", "", Self.body.replacing("}", with: #","dry_run":true}"#), as: key)
            #expect(dry.status == 200 && dry.text.contains(#""outcome":"would_create""#), "\(dry.text)")
            #expect(try await stage.rows() == 0)
            let first = await stage.call("POST", "", Self.body, as: key, idempotency: "one")
            #expect(first.status == 200 && first.text.contains(#""outcome":"created""#), "\(first.text)")
            let again = await stage.call("POST", "", Self.body, as: key, idempotency: "one")
            #expect(again.text == first.text && again.header("idempotency-replayed") == "true")
            let other = await stage.call(
                "POST", "", Self.body.replacing("}", with: #","label":"night"}"#), as: key, idempotency: "one")
            #expect(other.status == 422 && other.contentType == "application/problem+json")
            let present = await stage.call("POST", "", Self.body, as: key)
            #expect(present.text.contains(#""outcome":"present""#))
            #expect(try await stage.rows() == 1)
        }
    }

    @Test func anIntegrationIsPairedSwitchedOffAndDeletedAndEachDeedIsNoted() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let path = "/\(try await stage.create(as: key))"
            let code = await stage.call("POST", "\(path)/connection", #"{"number":"15550101001"}"#, as: key)
            #expect(code.text.contains(#""state":"code""#) && code.text.contains(#""qr_text":"2@"#), "\(code.text)")
            #expect(code.text.contains(#""pairing_code":""#) && code.text.contains(#""expires_at":""#))
            stage.simulator.scan(LifeStage.instance, number: "15550101001")
            let connected = await stage.call("GET", "\(path)/connection", as: key)
            #expect(connected.text == #"{"phone_number":"…1001","state":"connected"}"#)

            let off = await stage.call("POST", "\(path)/disable", as: key)
            #expect(off.status == 200 && off.text.contains(#""enabled":false"#))
            let on = await stage.call("POST", "\(path)/enable", as: key)
            #expect(on.status == 200 && on.text.contains(#""enabled":true"#))
            #expect(await stage.call("POST", "\(path)/webhook-url", #"{"reason":""}"#, as: key).status == 400)
            let whole = await stage.call("POST", "\(path)/webhook-url", #"{"reason":"moved by hand"}"#, as: key)
            #expect(whole.text == #"{"webhook_url":"\#(stage.simulator.webhookURL(of: LifeStage.instance) ?? "")"}"#)

            let dry = await stage.call("DELETE", "\(path)?dry_run=yes", as: key)
            #expect(dry.status == 200 && dry.text.contains(#""outcome":"would_delete""#))
            let gone = await stage.call("DELETE", path, as: key)
            #expect(gone.status == 200 && gone.text.contains(#""outcome":"deleted""#), "\(gone.text)")
            #expect(stage.simulator.webhookURL(of: LifeStage.instance) == nil)
            #expect(await stage.call("DELETE", path, as: key).status == 404)
            for deed in ["create", "disable", "enable", "reveal_url", "delete"] {
                #expect(try await stage.noted("integrations.\(deed)") == 1, "\(deed)")
            }
        }
    }

    /// The clock stands still, but for what a test adds.
    private final class Seconds: Sendable {
        let passed = Mutex(0.0)
        var time: TimeSource {
            TimeSource { Date(timeIntervalSince1970: 1_760_000_000 + self.passed.withLock { $0 }) }
        }
    }

    @Test func manyNumbersDoNotAskTheServerMoreOften() async throws {
        try await LifeStage.with { stage in
            let id = try await stage.create(as: try await stage.console.key(.operator))
            let (integration, seconds) = (try #require(IntegrationID(id)), Seconds())
            let desk = PairingDesk(
                try #require(stage.console.assembly.site.parts.integrations), time: seconds.time)
            func isCode(_ number: String?) async throws -> Bool {
                if case .code = try await desk.look(at: integration, number: number) { true } else { false }
            }
            #expect(try await isCode("15550101001"))
            for number in 2..<9 { #expect(try await !isCode("1555010100\(number)")) }
            #expect(try await isCode("15550101001"))
            #expect(try await isCode(nil))
            seconds.passed.withLock { $0 += 1 }
            #expect(try await isCode("15550101002"))
        }
    }

    @Test func anAnswerIsRememberedThoughTheClientHasGone() async throws {
        try await TestConsole.with { console in
            let parts = console.assembly.site.parts
            let request = try #require(
                PageRequest(
                    ConsoleRequest(
                        method: "POST", target: "/api/v1/x", headers: [(name: "idempotency-key", value: "one")],
                        body: [], peer: nil)))
            let visit = Visit(
                title: "", request: request, parameters: [:], visitor: .configured, formToken: "", parts: parts)
            func ask(_ work: @escaping @Sendable () throws -> Void) async throws -> String? {
                let reply = try await Idempotency.carryOut(visit) {
                    // As when the connection ends.
                    withUnsafeCurrentTask { $0?.cancel() }
                    try work()
                    return try .json(["made": "once"])
                }
                return reply.headers.first { $0.name == "idempotency-replayed" }?.value
            }
            await #expect(throws: ConsoleError.self) {
                try await Task { try await ask { throw ConsoleError.nothingHere } }.value
            }
            #expect(try await Task { try await ask {} }.value == nil)
            #expect(try await Task { try await ask { Issue.record("made twice") } }.value == "true")
        }
    }

    @Test func aServerThatDoesNotAnswerIsToldAndChangesNothing() async throws {
        try await LifeStage.with { stage in
            let key = try await stage.console.key(.operator)
            let path = "/\(try await stage.create(as: key))"
            stage.simulator.inject(.keyRefused, times: nil)
            for (method, path) in [("GET", "\(path)/connection"), ("DELETE", path)] {
                let answer = await stage.call(method, path, as: key)
                #expect(answer.status == 503 && answer.text.contains("EVOLUTION_API_KEY"), "\(answer.text)")
            }
            #expect(try await stage.rows() == 1)
        }
    }

    @Test func aKeyOfOneOrganizationMakesForItsOwnClinicsAlone() async throws {
        try await LifeStage.with { stage in
            let (ours, others) = (stage.console.ours, stage.console.others)
            let key = try await stage.console.key(.operator, of: ours.id)
            func make(_ clinic: String, _ more: String = "") async -> ConsoleResponse {
                await stage.call("POST", "", #"{"clinic_id":"\#(clinic)","rehearsal":true\#(more)}"#, as: key)
            }
            // By the clinic's row; where there is none, by its integrations; and of nobody knows whom.
            for clinic in [LifeStage.strangers, others.clinic.text, "c0000000-0000-4000-8000-000000000009"] {
                for more in ["", #","dry_run":true"#] {
                    let answer = await make(clinic, more)
                    #expect(answer.status == 422 && answer.text.contains("in this organization"), "\(answer.text)")
                    #expect(!answer.text.contains(others.id.text) && !answer.text.contains(others.integration.text))
                }
                #expect(try await stage.rows("clinic-\(clinic)") == 0)
            }
            let foreign = await make(LifeStage.clinic, #","organization_id":"\#(others.id.text)""#)
            #expect(foreign.status == 403)
            // A row of that name which is another organization's is not there either.
            try await stage.console.database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config)
                VALUES ($1, $2::uuid, 'whatsapp', 'evolution', 'active', jsonb_build_object('instance_name', $3::text))
                """, [others.id.uuid, LifeStage.clinic, "\(LifeStage.instance)-night"])
            #expect(await make(LifeStage.clinic, #","label":"night""#).status == 422)

            let own = await make(LifeStage.clinic)
            #expect(own.status == 200 && own.text.contains(ours.id.text), "\(own.text)")
            let known = await make(ours.clinic.text, #","label":"night""#)
            #expect(known.status == 200 && known.text.contains(ours.id.text), "\(known.text)")
        }
    }

    @Test func aKeyOfOneOrganizationActsOnItsOwnAlone() async throws {
        try await LifeStage.with { stage in
            let (ours, others) = (stage.console.ours, stage.console.others)
            let key = try await stage.console.key(.admin, of: ours.id)
            let browser = try await stage.console.signIn(with: key)
            let path = "/\(others.integration.text)"
            for (method, path) in [
                ("GET", "\(path)/connection"), ("POST", "\(path)/enable"), ("POST", "\(path)/disable"),
                ("DELETE", path),
            ] {
                #expect(await stage.call(method, path, as: key).status == 404, "\(method) \(path)")
            }
            let reveal = await stage.call("POST", "\(path)/webhook-url", #"{"reason":"x"}"#, as: key)
            #expect(reveal.status == 404)
            #expect(await browser.get("/live/integrations\(path)/connect?until=9999999999").status == 404)
            // An instance that is called as our integration is must not be met in its place.
            try await stage.console.database.pool.query(
                "UPDATE healthcare.integrations SET config = jsonb_build_object('instance_name', $2::text) WHERE id = $1",
                [others.integration.uuid, ours.integration.text])
            #expect(await stage.call("POST", "/\(ours.integration.text)/disable", as: key).status == 409)
            #expect(await stage.call("GET", "/\(ours.integration.text)", as: key).status == 409)
            let enabled = try await stage.console.database.pool.query(
                "SELECT enabled FROM healthcare.integrations WHERE id = $1", [others.integration.uuid])
            #expect(try enabled[0].decode("enabled", as: Bool.self))
        }
    }
}
