import FoundationEssentials
import Glibc
import HookgateTestSupport
import PostgresClient
import Testing

/// A server of its own that is stopped in the middle of a migration.
@Suite(.timeLimit(.minutes(3)))
struct ServerStopTests {
    @Test func aServerThatStopsIsOneSentenceAndWhenItIsBackTheNextRunDoesTheRest() async throws {
        let folder = try TestCluster.makeFolder(prefix: "hookgate-stop")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The server's user has to pass through it.
        #expect(chmod(folder, 0o755) == 0)
        let options = PrivateClusterOptions(directory: "\(folder)/db")

        let first = try await PrivateCluster.start(options)
        let pool = PostgresPool(url: first.url())
        #expect(try await HookgateBinary(databaseURL: first.url()).run("schema", "apply").exitCode == 0)
        try await LegacyFleet.make(300, in: pool)
        await pool.close()
        var complaints: [String] = []
        var isStopped = false
        let code = try await HookgateBinary(databaseURL: first.url()).watching(
            ["migrate", "--no-schema", "--batch-size", "1"]
        ) { line in
            if line.hasPrefix("hookgate: ") { complaints.append(line) }
            if !isStopped, line.contains("clinic-1") {
                isStopped = true
                await first.stop()
            }
            return true
        }
        #expect(code == 1)
        #expect(complaints.count == 1 && complaints.first?.contains("PostgreSQL went away while migrating") == true)

        let second = try await PrivateCluster.start(options)
        let hookgate = HookgateBinary(databaseURL: second.url())
        #expect(try await hookgate.run("migrate", "runs").output.contains("  interrupted  "))
        #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
        #expect(try await hookgate.run("migrate", "verify", "--accept-edits").exitCode == 0)
        await second.stop()
    }
}
