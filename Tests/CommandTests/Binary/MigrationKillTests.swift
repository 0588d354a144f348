import HookgateTestSupport
import PostgresClient
import Subprocess
import Testing

/// Kills the real program again and again, wherever it happens to be, and looks whether anything shows in the end.
@Suite(.timeLimit(.minutes(5)))
struct MigrationKillTests {
    private static let instances = 200
    private static let kills = 100
    private static let undoKills = 15

    @Test func aRunKilledAHundredTimesEndsLikeOneThatNobodyTouched() async throws {
        let (undisturbed, whole) = try await withSchema { database in
            try await LegacyFleet.make(Self.instances, in: database)
            #expect(try await HookgateBinary(databaseURL: database.url).run("migrate", "--no-schema").exitCode == 0)
            return (
                try await LegacyFleet.outcome(in: database),
                try await Self.integrations(in: database)
            )
        }
        try await withSchema { database in
            try await LegacyFleet.make(Self.instances, in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            var random = SeededGenerator(seed: 1)
            var runs = 0
            var kills = 0
            var interrupted = 0
            while kills < Self.kills {
                let arguments = ["migrate", "--no-schema", "--batch-size", "3"]
                let code: Int32?
                runs += 1
                if runs.isMultiple(of: 4) {
                    // Amid its writing, however busy the machine is.
                    let written = try await Self.integrations(in: database) + Int.random(in: 1...60, using: &random)
                    code = try await hookgate.watching(arguments, endingWith: .kill) { _ in
                        try await Self.wait(for: min(written, whole), in: database)
                        return false
                    }
                } else {
                    // About ten lines come before the first instance, so that some die before they have written.
                    code = try await hookgate.run(
                        arguments, killingAfterLines: Int.random(in: 0...12, using: &random))
                }
                if code == nil { kills += 1 }
                // A fleet that is through has nothing left to be interrupted in.
                if try await Self.integrations(in: database) == whole {
                    interrupted += try await Self.interruptedRuns(in: database)
                    try await Self.startAnew(database)
                }
            }
            let last = try await hookgate.run("migrate", "--no-schema", "--batch-size", "50")
            #expect(last.exitCode == 0, "\(last.complaint)")
            #expect(try await LegacyFleet.outcome(in: database) == undisturbed)
            #expect(try await LegacyFleet.count("hookgate.migration_runs WHERE state = 'running'", in: database) == 0)
            interrupted += try await Self.interruptedRuns(in: database)
            #expect(interrupted > 9)
            // An interrupted run says of itself what the journal has of it.
            #expect(
                try await LegacyFleet.count(
                    """
                    hookgate.migration_runs r WHERE (counts->>'inserted')::int + (counts->>'updated')::int
                        <> (SELECT count(*) FROM hookgate.migration_rows m WHERE m.run_id = r.id)
                    """, in: database) == 0)
        }
    }

    @Test func anUndoKilledAgainAndAgainPutsEverythingBack() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(120, in: database)
            let before = try await LegacyFleet.outcome(in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
            let run = try await database.text("SELECT id FROM hookgate.migration_runs") ?? ""
            var random = SeededGenerator(seed: 2)
            for _ in 1...Self.undoKills {
                _ = try await hookgate.run(
                    ["migrate", "undo", run, "--batch-size", "2"],
                    killingAfterLines: Int.random(in: 0...5, using: &random))
            }
            let last = try await hookgate.run("migrate", "undo", run)
            #expect(last.exitCode == 0, "\(last.complaint)")
            #expect(last.output.contains("✅ Run \(run) is undone."))
            #expect(try await LegacyFleet.outcome(in: database) == before)
        }
    }

    private static func integrations(in database: TestDatabase) async throws -> Int {
        try await LegacyFleet.count("healthcare.integrations", in: database)
    }

    /// Until so many integrations are there, or it has taken a minute.
    private static func wait(for count: Int, in database: TestDatabase) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await integrations(in: database) < count, ContinuousClock.now < end {}
    }

    private static func interruptedRuns(in database: TestDatabase) async throws -> Int {
        try await LegacyFleet.count("hookgate.migration_runs WHERE state = 'interrupted'", in: database)
    }

    /// The whole fleet is through before the kills are: what it wrote is taken away, with what tells of it, and it
    /// begins again.
    private static func startAnew(_ database: TestDatabase) async throws {
        try await database.pool.execute(
            script: """
                DELETE FROM healthcare.integrations; DELETE FROM hookgate.tokens; DELETE FROM hookgate.migration_runs;
                DROP TABLE healthcare.clinics, public.evolution_instances;
                """)
        try await LegacyFleet.make(Self.instances, in: database)
    }
}
