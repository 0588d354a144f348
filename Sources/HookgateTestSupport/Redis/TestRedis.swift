import PostgresClient

/// The run's one private Redis, on a unix socket. The first test that needs it starts it; it ends with the process.
package enum TestRedis {
    private static let start = Task<(process: ServerProcess, folder: String), any Error> {
        let user = try ServerUser.current()
        let folder = try TestCluster.makeFolder(prefix: "hookgate-redis")
        try user.prepare(folder)
        let process = ServerProcess("Redis", program: program, arguments: [folder], user: user)
        return (process, try await process.start())
    }

    /// The path of its unix socket.
    package static var socket: String {
        get async throws { "\(try await start.value.folder)/redis.sock" }
    }

    private static let program = #"""
        trap '' PIPE HUP INT TERM
        folder=$1
        umask 077
        cd "$folder" || { echo "hookgate:failed the folder $folder cannot be entered"; exit 1; }
        (trap - PIPE HUP INT TERM
            exec redis-server --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" --save '' --appendonly no) \
            >log 2>&1 &
        redis=$!
        until [ -S redis.sock ]; do
            kill -0 $redis 2>/dev/null || { cat log; echo "hookgate:failed it ended at once"; rm -rf "$folder"; exit 1; }
            sleep 0.05
        done
        echo "hookgate:socket $folder"
        echo "hookgate:ready"
        cat >/dev/null
        kill -KILL $redis
        cd / && rm -rf "$folder"
        """#
}
