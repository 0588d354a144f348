import FoundationEssentials
import Glibc
import HookgateTestSupport
import Subprocess
import Testing

@testable import PostgresClient

@Suite(.timeLimit(.minutes(3))) struct PrivateClusterTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try TestCluster.makeFolder(prefix: "hookgate-cluster")
        // The server's user has to pass through it.
        #expect(chmod(folder, 0o755) == 0)
        do {
            try await body(folder)
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            try FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    @Test func dataIsKeptBetweenStarts() async throws {
        try await withFolder { folder in
            let options = PrivateClusterOptions(directory: "\(folder)/db", settings: ["work_mem": "5MB"])
            let first = try await PrivateCluster.start(options)
            let pool = PostgresPool(url: first.url())
            try await pool.execute(script: "CREATE TABLE kept AS SELECT 42 AS n")
            #expect(try await pool.query("SHOW work_mem")[0].decode("work_mem") == "5MB")
            #expect(try await pool.query("SHOW listen_addresses")[0].decode("listen_addresses") == "")
            await pool.close()
            await first.stop()

            let second = try await PrivateCluster.start(options)
            let again = PostgresPool(url: second.url())
            #expect(try await again.query("SELECT n FROM kept")[0].decode("n") == 42)
            await again.close()
            await second.stop()
        }
    }

    @Test func wrongPasswordIsNotShown() async throws {
        try await withFolder { folder in
            let options = PrivateClusterOptions(directory: "\(folder)/db")
            let first = try await PrivateCluster.start(options)
            let connection = try await PostgresConnection.open(first.url())
            try await connection.execute(
                script: """
                    CREATE ROLE guarded LOGIN PASSWORD 'correct horse';
                    COPY (SELECT 'local all guarded scram-sha-256' UNION ALL SELECT 'local all all trust' ORDER BY 1 DESC)
                        TO '\(folder)/db/data/pg_hba.conf'
                    """)
            await connection.close()
            await first.stop()

            let second = try await PrivateCluster.start(options)
            let query = second.url().split(separator: "?")[1]
            let right = try await PostgresConnection.open("postgresql://guarded:correct%20horse@/postgres?\(query)")
            await right.close()
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresConnection.open("postgresql://guarded:hunter2@/postgres?\(query)")
            }
            #expect(error?.kind == .connectionFailed)
            #expect(error?.description.contains("password authentication failed") == true)
            #expect(error?.description.contains("hunter2") == false)
            await second.stop()
        }
    }

    @Test func temporaryFolderIsRemovedAndOthersAreNotDisturbed() async throws {
        try await withFolder { folder in
            let options = ["a", "b"].map { PrivateClusterOptions(directory: "\(folder)/\($0)", isTemporary: true) }
            let first = try await PrivateCluster.start(options[0])
            // Started later, so it would keep the first one's standard input open if that were inherited.
            let second = try await PrivateCluster.start(options[1])
            await first.stop()
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/a/data"))
            let connection = try await PostgresConnection.open(second.url())
            #expect(try await connection.query("SELECT 1 AS one")[0].decode("one") == 1)
            await connection.close()
            await second.stop()
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/b/data"))
        }
    }

    @Test func folderWithALongPathGetsItsSocketElsewhere() async throws {
        try await withFolder { folder in
            let long = "\(folder)/\(String(repeating: "x", count: 100))"
            let cluster = try await PrivateCluster.start(PrivateClusterOptions(directory: long, isTemporary: true))
            #expect(cluster.note?.contains(cluster.socketDirectory) == true)
            #expect(cluster.socketDirectory.hasPrefix("/tmp/hookgate-"))
            let connection = try await PostgresConnection.open(cluster.url())
            await connection.close()
            await cluster.stop()
            #expect(!FileManager.default.fileExists(atPath: cluster.socketDirectory))
        }
    }

    @Test func pidFileLeftByACrashIsForgotten() async throws {
        try await withFolder { folder in
            let options = PrivateClusterOptions(
                directory: "\(folder)/db", settings: PrivateClusterOptions.throwAwaySettings)
            await (try PrivateCluster.start(options)).stop()
            // The number of a process that lives but is no server: our own.
            let left = "\(getpid())\n\(folder)/db/data\n1\n5432\n\(folder)/db/socket\n\n"
            try left.write(toFile: "\(folder)/db/data/postmaster.pid", atomically: false, encoding: .utf8)
            let cluster = try await PrivateCluster.start(options)
            await cluster.stop()
        }
    }

    @Test func settingThatTheServerRefusesIsShown() async throws {
        try await withFolder { folder in
            let options = PrivateClusterOptions(directory: "\(folder)/db", settings: ["no_such_setting": "it's"])
            let error = await #expect(throws: PrivateClusterError.self) { try await PrivateCluster.start(options) }
            #expect(error?.description.contains("no_such_setting") == true)
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func folderThatTheServersUserMayNotEnterIsNamed() async throws {
        try await withFolder { folder in
            #expect(mkdir("\(folder)/closed", 0o700) == 0)
            let options = PrivateClusterOptions(directory: "\(folder)/closed/inner/db")
            let error = await #expect(throws: PrivateClusterError.self) { try await PrivateCluster.start(options) }
            #expect(error?.description.contains("chmod o+x \(folder)/closed") == true)
        }
    }

    @Test func serverEndsWhenItsOwnerIsKilled() async throws {
        try await withFolder { folder in
            let user = try ServerUser.current()
            try user.prepare("\(folder)/db")
            let binaries = try ServerBinaries.find(forData: "\(folder)/db/data", searchPath: "")
            // The owner is a process whose only part is to hold the server's standard input open.
            let command = user.command([
                "sh", "-c", #"sh -c 'echo "owner $$" >"$0/owner"; exec sleep 3600' "$0" | sh -c "$@""#, "\(folder)/db",
                PrivateClusterScript.text, "sh", binaries, "\(folder)/db", "\(folder)/db/socket", "yes", "fsync = off",
            ])
            let result = try await run(
                .name(command[0]), arguments: Arguments(Array(command.dropFirst())), input: .none, output: .sequence,
                error: .discarded
            ) { execution in
                var sawReady = false
                for try await line in execution.standardOutput.strings() where line == "hookgate:ready" {
                    sawReady = true
                    let owner = try String(contentsOfFile: "\(folder)/db/owner", encoding: .utf8)
                    let process = try #require(owner.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) })
                    #expect(kill(process, SIGKILL) == 0)
                }
                return sawReady
            }
            #expect(result.closureResult)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/db/data"))
        }
    }

    @Test func missingServerIsExplained() {
        let error = #expect(throws: PrivateClusterError.self) {
            try ServerBinaries.find(forData: "/nowhere", searchPath: "/nowhere", root: "/nowhere")
        }
        #expect(error?.description.contains("apt-get install postgresql") == true)
    }
}
