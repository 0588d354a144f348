import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Console

/// Long work as a row that any replica goes on with, by two consoles of one database.
@Suite(.timeLimit(.minutes(2)))
struct LongWorkTests {
    private struct Killed: Error {}

    /// Carries out what a process did that was killed after its first batch.
    private static func cutOff(_ consoles: TwoConsoles, _ digest: String, _ run: RunID) async throws {
        let options = MigrationOptions(expectedDigest: digest, run: run, batchSize: 10)
        await #expect(throws: Killed.self) {
            _ = try await consoles.migration.migrate(options) { event in
                if case .batchCommitted = event { throw Killed() }
            }
        }
        // It did not live to write down how it ended.
        try await consoles.database.pool.query(
            "UPDATE hookgate.migration_runs SET state = 'running', finished_at = NULL, counts = '{}' WHERE id = $1",
            [run.uuid])
    }

    private static func digest(_ consoles: TwoConsoles) async throws -> String {
        try await consoles.migration.migrate(MigrationOptions(isDryRun: true)) { _ in }.digest
    }

    @Test func aMigrationCutOffBetweenTwoBatchesEndsOnAnotherReplicaAsTheSameRun() async throws {
        try await TwoConsoles.with(30) { consoles in
            let before = try await LegacyFleet.outcome(in: consoles.database)
            let (digest, run) = (try await Self.digest(consoles), RunID(UUID()))
            try await consoles.begun(MigrationJob(deed: .migrate(digest: digest, run: run)))
            try await Self.cutOff(consoles, digest, run)
            #expect(try await LegacyFleet.count("hookgate.migration_rows", in: consoles.database) == 10)

            try await consoles.look(consoles.second)
            #expect(try await consoles.work(on: consoles.second).state == "running")
            #expect(try await consoles.row("tries, fencing") == "1 1")
            consoles.outliveLeases()
            try await consoles.look(consoles.second)
            let work = try await consoles.ended(on: consoles.second)
            #expect(work.state == "done" && work.actor == TwoConsoles.actor, "\(work)")
            #expect(work.report?.run == run.text && work.report?.written == 30 && work.report?.verified == 30)

            let runs = try await consoles.migration.runs(limit: 10)
            #expect(runs.map(\.id) == [run] && runs.first?.outcome.state == .finished)
            #expect(runs.first?.outcome.counts.written == 30)
            let noted = try await consoles.database.text(
                "SELECT actor || ' ' || (detail->>'kind') FROM hookgate.audit_log WHERE action = 'work.resume'")
            #expect(noted == "\(TwoConsoles.actor) migration")
            // One run is taken back as one, whoever wrote which half of it.
            #expect(try await consoles.migration.undo(run, UndoOptions()) { _ in }.restored == 30)
            #expect(try await LegacyFleet.outcome(in: consoles.database) == before)
        }
    }

    @Test func aPlanThatHasChangedIsRefusedAlsoByWhoeverGoesOn() async throws {
        try await TwoConsoles.with(3) { consoles in
            let wrong = MigrationJob(deed: .migrate(digest: "0000", run: RunID(UUID())))
            try await consoles.begun(wrong)
            consoles.outliveLeases()
            try await consoles.look(consoles.second)
            let work = try await consoles.ended(on: consoles.second)
            #expect(work.state == "failed" && work.error?.contains("no longer the one") == true, "\(work)")
            #expect(try await LegacyFleet.count("hookgate.migration_rows", in: consoles.database) == 0)
        }
    }

    @Test func anUndoingThatWasCutOffPutsBackTheRest() async throws {
        try await TwoConsoles.with(30) { consoles in
            let before = try await LegacyFleet.outcome(in: consoles.database)
            let run = try #require(try await consoles.migration.migrate(MigrationOptions()) { _ in }.run)
            try await consoles.begun(MigrationJob(deed: .undo(run)))
            await #expect(throws: Killed.self) {
                _ = try await consoles.migration.undo(run, UndoOptions(batchSize: 10)) { _ in throw Killed() }
            }
            consoles.outliveLeases()
            try await consoles.look(consoles.second)
            let work = try await consoles.ended(on: consoles.second)
            #expect(work.state == "done" && work.report?.restored == 30 && work.report?.run == run.text, "\(work)")
            #expect(try await LegacyFleet.outcome(in: consoles.database) == before)
        }
    }

    /// Keeps every migration waiting, as one on the command line does.
    private static func whileAnotherMigrates(
        _ consoles: TwoConsoles, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let key: Int64 = 0x686F_6F6B_6D69_6772
        try await AdvisoryLock.withLock(url: consoles.database.url, key: key, body)
    }

    private static func begin(_ consoles: TwoConsoles) async throws {
        let digest = try await Self.digest(consoles)
        let answer = await consoles.call(
            "POST", "/api/v1/migration/run", #"{"plan_digest": "\#(digest)"}"#, on: consoles.first)
        #expect(answer.status == 202, "\(answer.text)")
    }

    @Test func everyReplicaShowsItAndRefusesASecondOne() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await Self.whileAnotherMigrates(consoles) {
                try await Self.begin(consoles)
                let there = try await consoles.work(on: consoles.second)
                #expect(there.state == "running" && there.actor == "configured token (API)", "\(there)")
                for replica in [consoles.first, consoles.second] {
                    let second = await consoles.call("POST", "/api/v1/migration/verify", on: replica)
                    #expect(second.status == 409 && second.text.contains("begun by"), "\(second.text)")
                }
                // What it has come to is written with each renewal.
                #expect(try await consoles.row("report IS NULL") == "t")
                await consoles.first.clock.waitForSleepers(1)
                consoles.first.clock.advance(by: .seconds(5))
                await consoles.first.clock.waitForSleepers(1)
                #expect(try await consoles.row("report IS NULL") == "f")
            }
            #expect(try await consoles.ended(on: consoles.first).state == "done")
            #expect(try await consoles.work(on: consoles.second).report?.written == 3)
            #expect(
                try await LegacyFleet.count("hookgate.audit_log WHERE action = 'migration.run'", in: consoles.database)
                    == 1)
        }
    }

    @Test func whatIsStoppedOnAnotherReplicaLeavesOff() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await Self.whileAnotherMigrates(consoles) {
                try await Self.begin(consoles)
                let answer = await consoles.call("POST", "/api/v1/migration/stop", on: consoles.second)
                #expect(answer.status == 202)
                #expect(try await consoles.row("state") == "stopping")
                await consoles.first.clock.waitForSleepers(1)
                consoles.first.clock.advance(by: .seconds(5))
                #expect(try await consoles.ended(on: consoles.second).state == "stopped")
            }
            #expect(try await LegacyFleet.count("hookgate.migration_rows", in: consoles.database) == 0)
        }
    }

    @Test func whatHasBegunSinceIsNotStoppedInItsPlace() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await Self.whileAnotherMigrates(consoles) {
                try await Self.begin(consoles)
                for replica in [consoles.first, consoles.second] {
                    try await replica.site.desk.migration.stop(LongWorkID(UUID()))
                }
            }
            #expect(try await consoles.ended(on: consoles.first).state == "done")
        }
    }

    @Test func whatWasToBeStoppedWhenItsProcessDiedIsNotGoneOnWith() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await consoles.begun(MigrationJob(deed: .verify))
            #expect(await consoles.call("POST", "/api/v1/migration/stop", on: consoles.second).status == 202)
            consoles.outliveLeases()
            try await consoles.look(consoles.second)
            #expect(try await consoles.ended(on: consoles.second).state == "stopped")
        }
    }

    @Test func aHolderThatWasThoughtDeadChangesNothingAnyMore() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await Self.whileAnotherMigrates(consoles) {
                try await Self.begin(consoles)
                try await consoles.untilWaiting(true, on: consoles.first)
                // It says nothing of itself for longer than its lease.
                await consoles.first.clock.waitForSleepers(1)
                consoles.outliveLeases()
                try await consoles.look(consoles.second)
                #expect(try await consoles.row("fencing, tries") == "2 2")
                consoles.first.clock.advance(by: .seconds(5))
                // It hears of it, leaves off, and shows from then on what the other one has written.
                try await consoles.untilWaiting(false, on: consoles.first)
            }
            let work = try await consoles.ended(on: consoles.second)
            #expect(work.state == "done" && work.report?.written == 3, "\(work)")
            let rest = try await consoles.row("state, error IS NULL, fencing")
            #expect(rest == "done t 2")
        }
    }

    @Test func aReplicaThatEndsInGoodOrderHandsOver() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await Self.whileAnotherMigrates(consoles) {
                try await Self.begin(consoles)
                await consoles.first.site.endWork()
                #expect(try await consoles.row("state, tries") == "running 0")
                let refused = await consoles.call("POST", "/api/v1/migration/verify", on: consoles.first)
                #expect(refused.status == 503)
                try await consoles.look(consoles.second)
                #expect(try await consoles.row("tries, fencing") == "1 2")
            }
            #expect(try await consoles.ended(on: consoles.second).report?.written == 3)
        }
    }

    @Test func whatEndsEveryProcessThatBeginsItIsGivenUpInWords() async throws {
        try await TwoConsoles.with(3) { consoles in
            try await consoles.begun(MigrationJob(deed: .verify), tries: 5)
            consoles.outliveLeases()
            try await consoles.look(consoles.second)
            let work = try await consoles.work(on: consoles.second)
            #expect(work.state == "failed" && work.error?.contains("5 processes have begun it") == true, "\(work)")
        }
    }

    @Test func whatAnotherReleaseAskedForIsLeftToIt() async throws {
        try await TwoConsoles.with(3) { consoles in
            let lease = try await consoles.begun(MigrationJob(deed: .verify))
            try await consoles.database.pool.query(
                #"UPDATE hookgate.long_work SET request = '{"deed":{"teleport":{}}}' WHERE id = $1"#, [lease.id.uuid])
            consoles.outliveLeases()
            try await consoles.look(consoles.second)
            #expect(try await consoles.row("state, fencing") == "running 1")
            #expect(try await consoles.work(on: consoles.second).state == "none")
            // To leave it off, nobody has to read it.
            #expect(await consoles.call("POST", "/api/v1/migration/stop", on: consoles.second).status == 202)
            try await consoles.look(consoles.second)
            #expect(try await consoles.row("state, fencing") == "stopped 2")
        }
    }
}
