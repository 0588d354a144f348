import HookgateTestSupport
import PostgresClient

extension TestDatabase {
    /// Returns once a statement with this mark in its text is running; the server itself watches for it.
    func waitUntilRunning(mark: String) async throws {
        try await wait(until: "EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND \(marked(mark)))")
    }

    /// How many statements with this mark are running.
    func runningStatements(mark: String) async throws -> Int {
        let rows = try await pool.query(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND \(marked(mark))")
        return try rows[0].decode("n")
    }

    func wait(until condition: String) async throws {
        try await pool.execute(
            script: """
                DO $$ BEGIN
                    FOR attempt IN 1..3000 LOOP
                        PERFORM pg_stat_clear_snapshot();
                        IF \(condition) THEN RETURN; END IF;
                        PERFORM pg_sleep(0.01);
                    END LOOP;
                    RAISE EXCEPTION 'it did not come true';
                END $$
                """
        )
    }

    // The watcher's own text contains the mark too, so it leaves itself out.
    private func marked(_ mark: String) -> String {
        "datname = current_database() AND pid <> pg_backend_pid() AND position('\(mark)' in query) > 0"
    }
}

extension PostgresExecutor {
    func serverProcess() async throws -> Int {
        try await query("SELECT pg_backend_pid() AS pid")[0].decode("pid")
    }
}
