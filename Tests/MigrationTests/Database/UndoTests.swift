import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3))) struct UndoTests {
    @Test func undoneRunLeavesEveryTableAsItWas() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...12).map { "clinic-\($0)" })
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("adopted", organization: own.organization, phone: "+1234567890")
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, status, config)
                VALUES ($1::uuid, 'whatsapp', 'evolution', 'pending', '{"instance": "adopted", "kept": [1.50]}')
                """, [own.organization])
            let before = try await fleet.imagesBesideOurs()
            let run = try #require(try await fleet.migrate().run)
            #expect(try await fleet.integrationCount() == 13)
            let summary = try await fleet.service.undo(run, UndoOptions()) { _ in }
            #expect(summary.restored == 13)
            #expect(summary.editedSince == 0)
            #expect(try await fleet.imagesBesideOurs() == before)
            #expect(try await fleet.service.runs(limit: 1).first?.outcome.state == .undone)
        }
    }

    @Test func rowEditedSinceIsLeftAndSaid() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let run = try #require(try await fleet.migrate().run)
            try await fleet.run(
                "UPDATE healthcare.integrations SET display_name = 'Mine' WHERE config->>'instance' = 'one'")
            let log = UndoLog()
            let summary = try await fleet.service.undo(run, UndoOptions()) { log.add($0) }
            #expect(log.outcomes == ["one": .editedSince(fields: ["display_name"]), "two": .restored])
            #expect(summary.editedSince == 1)
            #expect(try await fleet.value("display_name", of: "one") == "Mine")
            #expect(try await fleet.service.runs(limit: 1).first?.outcome.state == .finished)
        }
    }

    @Test func rotatedTokenCountsAsAnEdit() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            let run = try #require(try await fleet.migrate().run)
            try await fleet.run("UPDATE healthcare.integrations SET webhook_token = hookgate.new_webhook_token()")
            #expect(try await fleet.service.undo(run, UndoOptions()) { _ in }.editedSince == 1)
        }
    }

    @Test func integrationWhoseTokenIsInUseIsLeftUnlessForced() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["used", "used before", "by name", "unused"])
            try await fleet.run(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count) VALUES
                    ('used before', 'token', '2001-01-01', '2001-01-01Z', '2001-01-01Z', 1),
                    ('by name', 'instance', '2090-01-01', '2090-01-01Z', '2090-01-01Z', 1),
                    ('used', 'token', '2090-01-01', '2090-01-01Z', '2090-01-01T12:00:00Z', 1)
                """)
            let run = try #require(try await fleet.migrate().run)
            let expected: [String: UndoneInstance.Outcome] = [
                "used": .inUse(lastSeen: Timestamp("2090-01-01T12:00:00.000000Z")), "used before": .restored,
                "by name": .restored, "unused": .restored,
            ]
            let before = try await fleet.images()
            #expect(try await fleet.undo(run, UndoOptions(isDryRun: true)) == expected)
            #expect(try await fleet.images() == before, "a dry run changes nothing")
            #expect(try await fleet.undo(run) == expected)
            #expect(try await fleet.integrationCount() == 1)
            #expect(try await fleet.service.runs(limit: 1).first?.outcome.state == .finished)
            #expect(try await fleet.undo(run, UndoOptions(takesInUse: true)) == ["used": .restored])
            #expect(try await fleet.integrationCount() == 0)
            #expect(try await fleet.service.runs(limit: 1).first?.outcome.state == .undone)
        }
    }

    /// Its token stood before the run and stays, so nothing that is in use is lost.
    @Test func adoptedIntegrationInUseIsPutBack() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization)
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, config)
                VALUES ($1::uuid, 'whatsapp', 'evolution', '{"instance": "one"}')
                """, [own.organization])
            let run = try #require(try await fleet.migrate().run)
            try await fleet.run(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count)
                VALUES ('one', 'token', '2090-01-01', '2090-01-01Z', '2090-01-01Z', 1)
                """)
            #expect(try await fleet.undo(run) == ["one": .restored])
        }
    }

    @Test func undoneFleetCanBeMigratedAgain() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            let run = try #require(try await fleet.migrate().run)
            _ = try await fleet.service.undo(run, UndoOptions()) { _ in }
            #expect(try await fleet.migrate().verification?.verified == 1)
        }
    }

    @Test func runCanBeShownAndAnUnknownOneIsSaidToBeUnknown() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let run = try #require(try await fleet.migrate().run)
            var names: [String] = []
            let record = try await fleet.service.show(run) { entries in names += entries.map(\.name.text) }
            #expect(names == ["one", "two"])
            try await fleet.run(
                "UPDATE public.evolution_instances SET status = 'error', config = '{\"instance_key\": \"L\"}'")
            let second = try #require(try await fleet.migrate().run)
            var fields: [[String]] = []
            _ = try await fleet.service.show(second) { entries in fields += entries.map(\.fields) }
            #expect(fields == [["status", "config.instance_key"], ["status", "config.instance_key"]])
            #expect(record.outcome.counts.inserted == 2)
            let unknown = RunID(UUID())
            await #expect(throws: MigrationError.unknownRun(unknown)) { try await fleet.service.show(unknown) { _ in } }
        }
    }

    @Test func databaseWithoutOurSchemaHasNoRuns() async throws {
        try await Fleet.withoutSchema { fleet in
            let runs = try await fleet.service.runs(limit: 5)
            #expect(runs.isEmpty)
        }
    }
}

private final class UndoLog: Sendable {
    private let told = Mutex<[String: UndoneInstance.Outcome]>([:])

    func add(_ instance: UndoneInstance) {
        told.withLock { $0[instance.name.text] = instance.outcome }
    }

    var outcomes: [String: UndoneInstance.Outcome] { told.withLock { $0 } }
}
