import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(3)))
struct EventsCommandTests {
    private static let clinic = ClinicID(UUID())

    /// Follows until so many lines have come: what other tests write on this server may hold one back for a moment.
    private static func lines(
        _ count: Int, of hookgate: HookgateBinary, _ arguments: [String]
    ) async throws -> [String] {
        var lines: [String] = []
        _ = try await hookgate.watching(arguments + ["--every", "0.1"]) { line in
            lines.append(line)
            return lines.count < count
        }
        return lines
    }

    @Test func aReplayCountsByClinicAsksAndThenDoesIt() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let parked = try await events.add(.parked, clinic: Self.clinic)
            let delivered = try await events.add(.delivered, settled: StoredEvents.day, clinic: Self.clinic)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let replay = ["events", "replay", "--clinic-id", Self.clinic.text]

            let dry = try await hookgate.run(replay + ["--dry-run"])
            #expect(dry.exitCode == 0, "\(dry.complaint)")
            #expect(dry.output.contains("1  parked  clinic \(Self.clinic)") && dry.output.contains("Would replay 1"))
            let unanswered = try await hookgate.run(replay)
            #expect(unanswered.exitCode == 3 && unanswered.complaint.contains("nothing was changed"))
            #expect(try await events.state(of: parked) == .parked)

            let done = try await hookgate.run(replay + ["--yes", "--json"])
            #expect(done.exitCode == 0 && done.output.contains(#""events" : 1"#), "\(done.output)\(done.complaint)")
            #expect(try await events.state(of: parked) == .pending)
            #expect(try await events.state(of: delivered) == .delivered)
            // What was delivered is sent again only when it is named.
            #expect(try await hookgate.run("events", "replay", delivered.text, input: "y\n").exitCode == 0)
            #expect(try await events.state(of: delivered) == .pending)
        }
    }

    @Test func eachFilterOfTheListLeavesOnlyWhatItNames() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let wanted = try await events.add(
                .parked, at: StoredEvents.day.addingTimeInterval(3_600), clinic: Self.clinic)
            try await database.pool.query(
                "UPDATE hookgate.events SET instance_name = 'clinic-b', event = 'call' WHERE id = $1", [wanted.uuid])
            let earlier = try await events.add(.delivered, settled: StoredEvents.day)
            let later = try await events.add(.pending, at: StoredEvents.day.addingTimeInterval(7_200))
            let hookgate = HookgateBinary(databaseURL: database.url)
            func list(_ filter: String...) async throws -> Set<EventID> {
                let list = try await hookgate.run(["events", "list"] + filter)
                #expect(list.exitCode == 0, "\(list.complaint)")
                return Set([wanted, earlier, later].filter { list.output.contains($0.text) })
            }
            #expect(try await list() == [wanted, earlier, later])
            #expect(try await list("--clinic-id", Self.clinic.text) == [wanted])
            #expect(try await list("--instance", "clinic-b") == [wanted])
            #expect(try await list("--state", "parked") == [wanted])
            #expect(try await list("--kind", "call") == [wanted])
            #expect(try await list("--since", "2025-10-20T01:00:00Z") == [wanted, later])
            #expect(try await list("--until", "2025-10-20T02:00:00Z") == [wanted, earlier])
            let both = ["--since", "2025-10-20T00:30:00Z", "--until", "2025-10-20T01:30:00Z"]
            #expect(try await list(both[0], both[1], both[2], both[3], "--state", "parked") == [wanted])
            #expect(try await list("--state", "pending", "--kind", "call").isEmpty)
            #expect(try await hookgate.run("events", "list", "--since", "yesterday").exitCode == 64)
        }
    }

    @Test func everyClinicIsCountedHoweverManyThereAre() async throws {
        try await withSchema { database in
            let clinics = 250
            try await database.pool.query("SELECT hookgate.ensure_event_partitions('2025-10-20')")
            try await database.pool.query(
                """
                INSERT INTO hookgate.events (id, day, received_at, clinic_id, instance_name, route, state, body_bytes,
                    body_sha256)
                SELECT gen_random_uuid(), '2025-10-20', '2025-10-20', gen_random_uuid(), 'clinic-a', 'token', 'parked', 0,
                    sha256('x')
                FROM generate_series(1, \(clinics))
                """)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let dry = try await hookgate.run(
                "events", "discard", "--all", "--note", "too late", "--dry-run", "--json")
            #expect(dry.exitCode == 0 && dry.output.contains("\"events\" : \(clinics)"), "\(dry.complaint)")
            #expect(dry.output.split(separator: "\n").count { $0.contains(#""clinic_id""#) } == clinics)
            let done = try await hookgate.run("events", "discard", "--all", "--note", "too late", "--yes")
            #expect(done.output.contains("Discarded \(clinics) events"), "\(done.output)\(done.complaint)")
        }
    }

    @Test func parkingAndDiscardingKeepTheNote() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let id = try await events.add(.pending)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let park = try await hookgate.run("events", "park", id.text, "--note", "moving", "--yes")
            #expect(park.exitCode == 0 && park.output.contains("Parked 1 events"), "\(park.complaint)")
            #expect(try await hookgate.run("events", "discard", id.text, "--yes").exitCode == 64)
            let discard = try await hookgate.run("events", "discard", id.text, "--note", "too late", "--yes")
            #expect(discard.exitCode == 0 && discard.output.contains("Discarded 1 events"), "\(discard.complaint)")
            let notes = try await events.text(
                "SELECT string_agg(decision || ': ' || note, ', ' ORDER BY id) FROM hookgate.event_decisions")
            #expect(notes == "parked: moving, discarded: too late")
            let again = try await hookgate.run("events", "discard", id.text, "--note", "x", "--yes")
            #expect(again.exitCode == 0 && again.output.contains("left as it is; its state is discarded"))
        }
    }

    @Test func aDecisionMustSayWhatItIsAbout() async throws {
        try await withSchema { database in
            let hookgate = HookgateBinary(databaseURL: database.url)
            #expect(try await hookgate.run("events", "replay").exitCode == 64)
            #expect(try await hookgate.run("events", "replay", "no-id").exitCode == 64)
            #expect(try await hookgate.run("events", "park", UUID().uuidString, "--all").exitCode == 64)
            #expect(try await hookgate.run("events", "replay", "--all", "--rate", "0").exitCode == 64)
            let unknown = try await hookgate.run("events", "park", UUID().uuidString, "--yes")
            #expect(unknown.exitCode == 1 && unknown.complaint.contains("nothing was changed"))
        }
    }

    @Test func theTailGoesOnBehindAnyEventAndPrintsADocumentALine() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let tail = ["events", "tail", "--no-follow"]
            let nothing = try await hookgate.run(tail)
            #expect(nothing.exitCode == 0 && nothing.output.isEmpty, "\(nothing.complaint)")
            var ids: [EventID] = []
            for _ in 0..<3 { ids.append(try await events.add(.pending)) }
            let lines = try await Self.lines(3, of: hookgate, ["events", "tail", "--from-beginning", "--json"])
            #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
            #expect(zip(lines, ids).allSatisfy { $0.contains($1.text) })
            let rest = try await Self.lines(1, of: hookgate, ["events", "tail", "--after", ids[1].text])
            #expect(rest[0].contains(ids[2].text))
            let lost = try await hookgate.run(tail + ["--after", UUID().uuidString])
            #expect(lost.exitCode == 1 && lost.complaint.contains("--from-beginning"))
        }
    }

    @Test func theTailFollowsUntilItsReaderHasSeenEnough() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let first = try await events.add(.pending)
            let hookgate = HookgateBinary(databaseURL: database.url)
            var seen: [String] = []
            // The second is stored only once the first was printed: it comes because the tail follows.
            _ = try await hookgate.watching(["events", "tail", "--from-beginning", "--every", "0.1"]) { line in
                seen.append(line)
                if line.contains(first.text) { try await events.add(.parked) }
                return seen.count < 2
            }
            #expect(seen.count == 2 && seen[1].contains("parked"))
        }
    }

    @Test func erasingAChatAsksAndLeavesNoTraceOfIt() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let id = try await events.add(.delivered, settled: StoredEvents.day, message: "3EB0")
            let hookgate = HookgateBinary(databaseURL: database.url)
            let erase = ["events", "erase", "--chat", StoredEvents.chat, "--note", "her request"]
            let dry = try await hookgate.run(erase + ["--dry-run"])
            #expect(dry.exitCode == 0 && dry.output.contains("Would erase: 1 events, 1 bodies"), "\(dry.complaint)")
            #expect(try await hookgate.run(erase).exitCode == 3)
            #expect(try await events.hasBody(id))
            let done = try await hookgate.run(erase + ["--yes"])
            #expect(done.exitCode == 0 && done.output.contains("✅ Erased: 1 events, 1 bodies"), "\(done.complaint)")
            let show = try await hookgate.run("events", "show", id.text)
            #expect(!show.output.contains("15550101001") && !show.output.contains("3EB0"))
            #expect(show.output.contains("The body is not kept any more."))
            #expect(try await hookgate.run("events", "erase", "--chat", "5", "--note", "x").exitCode == 64)
        }
    }

    @Test func seeingABodyInClearIsNotedBeforeItIsShown() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let id = try await events.add(.pending)
            let hookgate = HookgateBinary(databaseURL: database.url)
            #expect(try await hookgate.run("events", "show", id.text, "--reveal").exitCode == 64)
            #expect(try await hookgate.run("events", "show", id.text, "--reveal", "--reason", " ").exitCode == 64)
            let shown = try await hookgate.run("events", "show", id.text, "--reveal", "--reason", "the clinic asked")
            #expect(shown.exitCode == 0 && shown.output.contains("dente"), "\(shown.complaint)")
            let noted = try await events.text(
                "SELECT concat_ws(' ', action, subject, detail ->> 'reason') FROM hookgate.audit_log")
            #expect(noted == "events.reveal \(id) the clinic asked")
        }
    }

    @Test func anEventThatVanishesUnbalancesItsGatewaysAccount() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let gateway = UUID()
            for _ in 0..<2 { try await events.add(.pending, gateway: gateway) }
            try await database.pool.query(
                """
                INSERT INTO hookgate.gateway_positions (gateway_id, accepted, shipped, lost, noted_at)
                VALUES ($1, 3, 2, 0, $2)
                """, [gateway, StoredEvents.day])
            let hookgate = HookgateBinary(databaseURL: database.url)
            let whole = try await hookgate.run("events", "balance")
            #expect(whole.exitCode == 0, "\(whole.output)\(whole.complaint)")
            #expect(whole.output.contains("accepted 3 = in its spool 1 + pending 2"))
            try await database.pool.query(
                "DELETE FROM hookgate.events WHERE id = (SELECT id FROM hookgate.events LIMIT 1)")
            let torn = try await hookgate.run("events", "balance", "--json")
            #expect(torn.exitCode == 3 && torn.output.contains(#""difference" : 1"#), "\(torn.output)")
        }
    }

    @Test func showListsEveryAttempt() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let id = try await events.add(.delivered, settled: StoredEvents.day)
            for (number, result) in [(1, "timed_out"), (2, "delivered")] {
                try await database.pool.query(
                    """
                    INSERT INTO hookgate.delivery_attempts
                        (event_id, day, attempt, started_at, duration_ms, result, status, destination, worker)
                    VALUES ($1, '2025-10-20', $2, $3, 12, $4, $5, 'default', gen_random_uuid())
                    """,
                    [
                        id.uuid, number, StoredEvents.day.addingTimeInterval(Double(number)), result,
                        number == 2 ? 200 : nil,
                    ])
            }
            let hookgate = HookgateBinary(databaseURL: database.url)
            let show = try await hookgate.run("events", "show", id.text)
            #expect(show.output.contains("to default: timed_out after 12 ms"), "\(show.output)\(show.complaint)")
            #expect(show.output.contains("to default: delivered (200) after 12 ms"))
            let json = try await hookgate.run("events", "show", id.text, "--json")
            #expect(json.output.contains(#""result" : "timed_out""#))
        }
    }

    @Test func anOrganizationsKeyIsForgottenOnlyWhenItsIdIsTyped() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let organization = OrganizationID(UUID())
            let id = try await events.add(.pending, organization: organization)
            let key = Data(repeating: 7, count: 32).base64EncodedString()
            let hookgate = HookgateBinary(
                databaseURL: database.url, settings: ["HOOKGATE_BODY_ENCRYPTION_KEY": key])
            let forget = ["events", "forget-key", organization.text, "--note", "left us"]
            let dry = try await hookgate.run(forget + ["--dry-run"])
            #expect(dry.exitCode == 0 && dry.output.contains("1 bodies in clear"), "\(dry.complaint)")
            #expect(try await hookgate.run(forget, input: "yes\n").exitCode == 3)
            #expect(try await events.hasBody(id))
            let done = try await hookgate.run(forget, input: "\(organization)\n")
            #expect(done.exitCode == 0 && done.output.contains("✅ Removed"), "\(done.complaint)")
            #expect(try await !events.hasBody(id))
            let rewrapped = try await hookgate.run("events", "rewrap-keys")
            #expect(rewrapped.exitCode == 0 && rewrapped.output.contains("0 keys wrapped anew"))
            #expect(try await HookgateBinary(databaseURL: database.url).run("events", "rewrap-keys").exitCode == 64)
        }
    }
}
