import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Console
@testable import HookgateCommands

@Suite(.timeLimit(.minutes(1)))
struct EventPageTests {
    @Test func wordsAreMaskedUntilSomebodySaysWhyAndThatIsNoted() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.operator))
            let path = "/events/\(console.ours.events[1].text)"
            let masked = await browser.get(path).text
            #expect(masked.contains("messages.upsert") && !masked.contains("Tenho dor"))
            #expect(await browser.post("\(path)/reveal", "reason=").status == 400)
            let revealed = await browser.post("\(path)/reveal", "reason=the+clinic+asked")
            #expect(revealed.text.contains("Tenho dor"))
            let rows = try await console.database.pool.query(
                "SELECT actor, detail::text AS detail FROM hookgate.audit_log WHERE action = 'events.reveal'")
            #expect(rows.count == 1)
            #expect(try rows[0].decode("actor", as: String.self) == "operator of all (console)")
            #expect(try rows[0].decode("detail", as: String.self).contains("the clinic asked"))
        }
    }

    @Test func aDecisionIsShownWithItsCountBeforeItIsMade() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.operator))
            let question = await browser.post("/events/decide", "decision=replay&state=parked")
            #expect(question.status == 200)
            #expect(question.text.contains("Replay 2 events?"))
            let stored = StoredEvents(console.database)
            #expect(try await stored.state(of: console.ours.events[1]) == .parked)
            let done = await browser.post("/events/decide", "decision=replay&state=parked&confirmed=yes")
            #expect(done.status == 303)
            #expect(try await stored.state(of: console.ours.events[1]) == .pending)
        }
    }

    @Test func aListGoesOnWhereThePageBeforeEnded() async throws {
        try await TestConsole.with { console in
            let stored = StoredEvents(console.database)
            for second in 0..<250 {
                try await stored.add(.delivered, at: StoredEvents.day.addingTimeInterval(Double(second)), body: nil)
            }
            let key = try await console.key(.viewer)
            var seen: Set<String> = []
            var cursor = ""
            repeat {
                let answer = await console.send(
                    "GET", "/api/v1/events?limit=100\(cursor)", headers: [("authorization", "Bearer \(key)")])
                #expect(answer.status == 200)
                for part in answer.text.split(separator: #""id":""#).dropFirst() {
                    seen.insert(String(part.prefix(36)))
                }
                cursor =
                    answer.text.firstRange(of: #""next_cursor":""#).map { range in
                        "&cursor=" + answer.text[range.upperBound...].prefix { $0 != "\"" }
                    } ?? ""
            } while !cursor.isEmpty
            #expect(seen.count == 254)
        }
    }

    @Test func heldEventsAreDiscardedWithAReasonAlone() async throws {
        try await TestConsole.with { console in
            let browser = try await console.signIn(with: try await console.key(.operator))
            #expect(await browser.get("/quarantine").text.contains("no_clinic"))
            let fields = "reason=no_clinic&instance=\(console.ours.instance)"
            #expect(await browser.post("/quarantine/discard", fields).text.contains("Discard 1 held events?"))
            #expect(await browser.post("/quarantine/discard", fields + "&confirmed=yes").status == 400)
            #expect(await browser.post("/quarantine/discard", fields + "&confirmed=yes&note=scanner").status == 303)
            let stored = StoredEvents(console.database)
            #expect(try await stored.state(of: console.ours.events[0]) == .discarded)
            #expect(try await stored.state(of: console.others.events[0]) == .quarantined)
        }
    }

    @Test func anIdempotencyKeyDecidesOnce() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.operator)
            let headers = [
                ("authorization", "Bearer \(key)"), ("content-type", "application/json"), ("idempotency-key", "one"),
            ]
            let body = #"{"decision":"replay","state":"parked","dry_run":false}"#
            let first = await console.send("POST", "/api/v1/events/decide", headers: headers, body: body)
            #expect(first.text.contains(#""events":2"#))
            let again = await console.send("POST", "/api/v1/events/decide", headers: headers, body: body)
            #expect(again.text == first.text)
            #expect(again.header("idempotency-replayed") == "true")
            let other = await console.send(
                "POST", "/api/v1/events/decide", headers: headers, body: body.replacing("parked", with: "filtered"))
            #expect(other.status == 422)
        }
    }
}
