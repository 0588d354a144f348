import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

/// What a run locks, and how long it waits for what others have locked.
@Suite(.timeLimit(.minutes(3))) struct LockTests {
    @Test func runLocksNothingThatStopsTraffic() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...20).map { "clinic-\($0)" })
            try await fleet.migrate()
            try await fleet.addInstances((21...30).map { "clinic-\($0)" })
            try await fleet.run("UPDATE public.evolution_instances SET status = 'disconnected'")
            // Each statement that writes notes what every session has locked by then.
            try await fleet.database.pool.execute(
                script: """
                    CREATE TABLE public.noted_locks (relation text, mode text);
                    CREATE FUNCTION public.note_locks() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        INSERT INTO public.noted_locks
                        SELECT DISTINCT l.relation::regclass::text, l.mode FROM pg_locks l
                        JOIN pg_class c ON c.oid = l.relation
                        -- Other tests' databases are copies, in which tables have the same numbers.
                        JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
                        WHERE c.relkind = 'r';
                        RETURN NULL;
                    END $$;
                    CREATE TRIGGER zz_note_locks AFTER INSERT OR UPDATE ON healthcare.integrations
                        FOR EACH STATEMENT EXECUTE FUNCTION public.note_locks();
                    CREATE TRIGGER zz_note_locks AFTER INSERT ON hookgate.migration_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION public.note_locks();
                    """)
            let summary = try await fleet.migrate(MigrationOptions(batchSize: 4))
            #expect(summary.counts.inserted == 10 && summary.counts.updated == 20)
            let rows = try await fleet.database.pool.query(
                """
                SELECT relation, array_agg(DISTINCT mode ORDER BY mode) AS modes FROM public.noted_locks GROUP BY relation
                """)
            var modes: [String: [String]] = [:]
            for row in rows { modes[try row.decode("relation")] = try row.decode("modes") }
            #expect(modes["public.evolution_instances"] ?? modes["evolution_instances"] == ["AccessShareLock"])
            let ours = Set(modes["healthcare.integrations"] ?? [])
            #expect(ours.contains("RowExclusiveLock"))
            #expect(ours.isSubset(of: ["AccessShareLock", "RowShareLock", "RowExclusiveLock"]), "\(ours)")
        }
    }

    /// A killed process frees the run lock while the server may still be at its COMMIT.
    @Test func nextRunWaitsForTheLastTransactionOfADeadOne() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            let impatient = Fleet(fleet.database, lockTimeout: .milliseconds(50))
            let writers: Int64 = 0x686F_6F6B_6D69_6773
            try await fleet.database.pool.transaction { dying in
                try await dying.query("SELECT pg_advisory_xact_lock_shared($1::bigint)", [writers])
                let error = await #expect(throws: MigrationError.self) { try await impatient.migrate() }
                guard case .lockedOut? = error else {
                    Issue.record("unexpected: \(String(describing: error))")
                    return
                }
            }
            #expect(try await fleet.migrate().counts.inserted == 1)
        }
    }

    @Test(arguments: [
        "SELECT FROM healthcare.integrations FOR UPDATE", "LOCK TABLE healthcare.integrations IN SHARE MODE",
    ])
    func waitForALockOfSomebodyElseIsBounded(lock: String) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.migrate()
            try await fleet.run("UPDATE public.evolution_instances SET status = 'disconnected'")
            let impatient = Fleet(fleet.database, lockTimeout: .milliseconds(50))
            try await fleet.database.pool.transaction { holder in
                try await holder.query(lock)
                let error = await #expect(throws: MigrationError.self) { try await impatient.migrate() }
                guard case .lockedOut = error else {
                    Issue.record("ended otherwise: \(String(describing: error))")
                    return
                }
            }
            #expect(try await fleet.service.runs(limit: 1).first?.outcome.state == .failed)
            #expect(try await fleet.migrate().counts.updated == 1)
        }
    }

    @Test func waitForAnotherRunIsBoundedAndSaid() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            let log = EventLog()
            await #expect(throws: MigrationError.anotherRunIsActive) {
                try await fleet.service.migrate(MigrationOptions()) { event in
                    guard case .surveyed = event else { return }
                    try await Fleet(fleet.database).migrate(MigrationOptions(lockWait: .milliseconds(50)), log)
                }
            }
            #expect(log.waits == 1)
            #expect(try await fleet.integrationCount() == 0)
        }
    }
}
