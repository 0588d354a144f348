import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

/// A run that was cut off and goes on as itself, so that one undoing takes back all of it.
@Suite(.timeLimit(.minutes(2))) struct RunGoingOnTests {
    private struct Killed: Error {}

    /// Writes one batch of four as a run, and dies.
    private static func cutOff(_ fleet: Fleet, _ run: RunID) async throws {
        await #expect(throws: Killed.self) {
            _ = try await fleet.service.migrate(MigrationOptions(run: run, batchSize: 4)) { event in
                if case .batchCommitted = event { throw Killed() }
            }
        }
    }

    @Test func whatItWroteIsWrittenOnceAndTheRestFollows() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((0..<10).map { "clinic-\($0)" })
            let run = RunID(UUID())
            try await Self.cutOff(fleet, run)
            #expect(try await fleet.integrationCount() == 4)
            // Somebody changes what is written already.
            try await fleet.run(
                "UPDATE public.evolution_instances SET status = 'disconnected' WHERE instance_name = 'clinic-0'")
            let log = EventLog()
            // The plan of before is nobody's any more: four of its ten are done.
            let options = MigrationOptions(expectedDigest: "of the whole", run: run)
            let summary = try await fleet.migrate(options, log)
            #expect(summary.run == run && summary.counts.inserted == 10 && summary.counts.total == 10)
            #expect(log.migrated.count == 6 && log.resumed == [4])
            #expect(try await fleet.service.runs(limit: 9).map(\.outcome.state) == [.finished])

            let next = try await fleet.migrate()
            #expect(next.run != run && next.counts.updated == 1)
            try await fleet.undo(try #require(next.run))
            #expect(try await fleet.undo(run).values.allSatisfy { $0 == .restored })
            #expect(try await fleet.integrationCount() == 0)
        }
    }

    @Test func whatDiedBeforeItsVerificationIsVerified() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let run = RunID(UUID())
            try await fleet.migrate(MigrationOptions(run: run, verifies: false))
            let summary = try await fleet.migrate(MigrationOptions(run: run))
            #expect(summary.run == run && summary.counts.inserted == 2 && summary.verification?.verified == 2)
        }
    }

    @Test func whatSomebodyHasUndoneDoesNotGoOn() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((0..<10).map { "clinic-\($0)" })
            let run = RunID(UUID())
            try await Self.cutOff(fleet, run)
            try await fleet.undo(run)
            await #expect(throws: MigrationError.runIsOver(run, .undone)) {
                try await fleet.migrate(MigrationOptions(run: run))
            }
            #expect(try await fleet.integrationCount() == 0)
        }
    }
}
