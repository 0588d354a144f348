import PostgresClient

/// PgBouncer in transaction mode in front of the run's private server. The first test that needs it starts it; it
/// ends with the process.
package enum PgBouncer {
    private static let start = Task<(process: ServerProcess, socket: String), any Error> {
        let cluster = try await TestCluster.shared
        let user = try ServerUser.current()
        let folder = try TestCluster.makeFolder(prefix: "hookgate-pgbouncer")
        try user.prepare(folder)
        let process = ServerProcess(
            "PgBouncer", program: program, arguments: [folder, cluster.socketDirectory], user: user)
        return (process, try await process.start())
    }

    /// The libpq URL of a database behind the pooler, as superuser.
    package static func url(database: TestDatabase) async throws -> String {
        "postgresql://postgres@/\(database.name)?host=\(try await start.value.socket)&port=6432"
    }

    // Two server connections for each database: a third client has to share, which is what the tests are after.
    private static let program = #"""
        trap '' PIPE HUP INT TERM
        folder=$1 server=$2
        umask 077
        cd "$folder" || { echo "hookgate:failed the folder $folder cannot be entered"; exit 1; }
        cat >pgbouncer.ini <<END
        [databases]
        * = host=$server port=5432
        [pgbouncer]
        pool_mode = transaction
        listen_port = 6432
        unix_socket_dir = $folder
        auth_type = trust
        auth_file = $folder/users
        default_pool_size = 2
        max_client_conn = 200
        logfile = $folder/log
        END
        echo '"postgres" ""' >users
        (trap - PIPE HUP INT TERM; exec pgbouncer -q pgbouncer.ini) >/dev/null 2>&1 &
        bouncer=$!
        until [ -S .s.PGSQL.6432 ]; do
            kill -0 $bouncer 2>/dev/null || { cat log; echo "hookgate:failed it ended at once"; rm -rf "$folder"; exit 1; }
            sleep 0.05
        done
        echo "hookgate:socket $folder"
        echo "hookgate:ready"
        cat >/dev/null
        kill -KILL $bouncer
        cd / && rm -rf "$folder"
        """#
}
