import HookgateTestSupport
import PostgresClient
import Testing

/// Kills the real program again and again, wherever it happens to be, and looks whether anything shows in the end.
@Suite(.timeLimit(.minutes(5)))
struct MigrationKillTests {
    private static let instances = 200
    private static let kills = 100
    private static let undoKills = 15

    @Test func aRunKilledAHundredTimesEndsLikeOneThatNobodyTouched() async throws {
        let undisturbed = try await withSchema { database in
            try await LegacyFleet.make(Self.instances, in: database)
            #expect(try await HookgateBinary(databaseURL: database.url).run("migrate", "--no-schema").exitCode == 0)
            return try await LegacyFleet.outcome(in: database)
        }
        try await withSchema { database in
            try await LegacyFleet.make(Self.instances, in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            var random = SeededGenerator(seed: 1)
            var kills = 0
            var interrupted = 0
            while kills < Self.kills {
                // About eight lines come before the first instance, so that some die before they have written.
                let code = try await hookgate.run(
                    ["migrate", "--no-schema", "--batch-size", "3"],
                    killingAfterLines: Int.random(in: 0...12, using: &random))
                if code == nil {
                    kills += 1
                } else {
                    interrupted += try await Self.interruptedRuns(in: database)
                    try await Self.startAnew(database)
                }
            }
            let last = try await hookgate.run("migrate", "--no-schema", "--batch-size", "50")
            #expect(last.exitCode == 0, "\(last.complaint)")
            #expect(try await LegacyFleet.outcome(in: database) == undisturbed)
            #expect(try await LegacyFleet.count("hookgate.migration_runs WHERE state = 'running'", in: database) == 0)
            interrupted += try await Self.interruptedRuns(in: database)
            #expect(interrupted > 1)
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

    private static func interruptedRuns(in database: TestDatabase) async throws -> Int {
        try await LegacyFleet.count("hookgate.migration_runs WHERE state = 'interrupted'", in: database)
    }

    /// The whole fleet was through before the kills were: what it wrote is taken away, with what tells of it, and it
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
