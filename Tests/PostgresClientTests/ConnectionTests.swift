import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct ConnectionTests {
    /// None of these reaches a server, and in each `hunter2` is a password or a piece of one.
    @Test(arguments: [
        "postgresql://user:hunter2@127.0.0.1:1/database",
        "postgresql://user:p@hunter2@127.0.0.1:1/database",
        "postgresql://user:p/hunter2@127.0.0.1:1/database",
        "postgresql://user:p?hunter2@127.0.0.1:1/database",
        "postgresql://user:p?x=hunter2@127.0.0.1:1/database",
        "postgresql://user:%hunter2@127.0.0.1:1/database",
        "postgresql://user:hunter2",
        "postgresql+asyncpg://user:hunter2@127.0.0.1:1/database",
        "postgresql+asyncpg://user:hunter2@127.0.0.1:1/database?a=b",
        "host=127.0.0.1 port=1 user=user password=hunter2",
        "host=127.0.0.1 port=1 user=user password=p hunter2",
        "host=127.0.0.1 port=1 password='hunter2",
        "hunter2", "",
    ])
    func failureDoesNotShowThePassword(_ url: String) async throws {
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.open(url) }
        #expect(error?.kind == .connectionFailed)
        #expect(!"\(error as Any)".contains("hunter2"))
    }

    @Test func refusedConnectionSaysWhere() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.open("postgresql://user:hunter2@127.0.0.1:1/database")
        }
        #expect(error?.description.contains("127.0.0.1") == true)
        #expect(error?.description.contains("port 1") == true)
        #expect(error?.description.contains("Connection refused") == true)
    }

    @Test func missingDatabaseIsNamed() async throws {
        let url = try await TestCluster.shared.url(database: "no such database")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.open(url) }
        #expect(error?.kind == .connectionFailed)
        #expect(error?.description.contains(#""no such database" does not exist"#) == true)
    }

    @Test func sessionSpeaksUTF8AndSaysItsName() async throws {
        try await withDatabase { database in
            let ours = try await PostgresConnection.open(database.url)
            let row = try await ours.query(
                """
                SELECT current_setting('client_encoding') AS encoding, current_setting('application_name') AS name
                """)[0]
            #expect(try row.decode("encoding") == "UTF8")
            #expect(try row.decode("name") == "hookgate")
            await ours.close()
            let named = try await PostgresConnection.open(database.url + "&application_name=other")
            #expect(try await named.query("SELECT current_setting('application_name') AS n")[0].decode("n") == "other")
            await named.close()
        }
    }

    @Test func directConnectionIsNotPooled() async throws {
        try await withDatabase { database in
            let connection = try await PostgresConnection.open(database.url)
            #expect(await !connection.isPooled)
            await connection.close()
        }
    }

    @Test func datesAreReadWhateverTheRolesDateStyle() async throws {
        try await withDatabase { database in
            let role = "dated_\(database.name)"
            try await database.pool.execute(
                script: "CREATE ROLE \(role) LOGIN; ALTER ROLE \(role) SET datestyle = 'SQL, DMY'")
            let url = database.url.split(separator: "postgres@").joined(separator: "\(role)@")
            let connection = try await PostgresConnection.open(url)
            #expect(
                try await connection.query("SELECT current_user AS name, '2026-02-28'::date AS d")[0].decode("d")
                    == "2026-02-28")
            await connection.close()
            try await database.pool.execute(script: "DROP ROLE \(role)")
        }
    }

    @Test func closedConnectionSaysSo() async throws {
        try await withDatabase { database in
            let connection = try await PostgresConnection.open(database.url)
            await connection.close()
            await connection.close()
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
            #expect(error?.kind == .closed)
        }
    }

    @Test func connectionThatTheServerEndedIsLost() async throws {
        try await withDatabase { database in
            let connection = try await PostgresConnection.open(database.url)
            let process = try await connection.serverProcess()
            try await database.pool.query("SELECT pg_terminate_backend($1::int, 10000)", [process])
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
            #expect(error?.kind == .connectionLost)
        }
    }

    @Test func connectionsDoNotBlockEachOther() async throws {
        try await withDatabase { database in
            // Twenty statements that each wait for all the others: on Swift's own threads the first two would wait
            // for ever on a machine with two cores.
            let count = 20
            try await withThrowingTaskGroup { group in
                for _ in 0..<count {
                    group.addTask {
                        let connection = try await PostgresConnection.open(database.url)
                        try await connection.query("SELECT pg_advisory_lock_shared(1)")
                        try await connection.execute(
                            script: """
                                DO $$ BEGIN
                                    WHILE (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
                                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                                        < \(count) LOOP
                                        PERFORM pg_sleep(0.01);
                                    END LOOP;
                                END $$
                                """)
                        // The lock ends with the connection, so it stays open until the last one has counted.
                        return connection
                    }
                }
                var connections: [PostgresConnection] = []
                for try await connection in group { connections.append(connection) }
                #expect(connections.count == count)
                for connection in connections { await connection.close() }
            }
        }
    }
}
