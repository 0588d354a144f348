import ArgumentParser
import FoundationEssentials
import Glibc
import PostgresClient

/// `hookgate demo`: the whole story on a throw-away database, each command shown as a person would type it.
struct DemoCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole story on a private, throw-away PostgreSQL with a sample fleet.",
        discussion: """
            Loads a legacy fleet, checks, migrates, verifies, decides an open case in a file and takes that back, \
            starts the gateway, posts webhooks on both URLs, shows where each went, switches a simulated Evolution server \
            over and one instance back, lets two weeks pass, cleans up and restores, and delivers everything to a \
            backend that checks every signature. Touches no database of yours. Exit code 0 only if every step held.

            Example:
              hookgate demo --no-wait
            """
    )

    @Flag(name: .customLong("no-wait"), help: "End instead of leaving gateway and console open; nothing stays running.")
    var noWait = false

    func perform() async throws -> ExitStatus {
        let directory = try Self.makeTemporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let cluster = try await PrivateCluster.start(
            PrivateClusterOptions(
                directory: directory + "/postgres", isTemporary: true,
                settings: PrivateClusterOptions.throwAwaySettings.merging(
                    ["shared_preload_libraries": "pg_stat_statements"], uniquingKeysWith: { _, new in new })))
        do {
            let status = try await tell(cluster, directory)
            await cluster.stop()
            return status
        } catch {
            await cluster.stop()
            throw error
        }
    }

    private func tell(_ cluster: PrivateCluster, _ directory: String) async throws -> ExitStatus {
        let url = cluster.url(database: "demo")
        try await Self.createDatabase("demo", on: cluster)
        let pool = PostgresPool(url: url, options: PostgresPoolOptions(maximumConnections: 2))
        let stage = try DemoStage(databaseURL: url, directory: directory)
        let story = DemoStory(stage: stage, pool: pool, waitsAtEnd: !noWait)
        do {
            try await story.tell()
            await pool.close()
        } catch {
            await pool.close()
            throw error
        }
        return stage.failed.isEmpty ? .done : .failed
    }

    private static func createDatabase(_ name: String, on cluster: PrivateCluster) async throws {
        let pool = PostgresPool(url: cluster.url(), options: PostgresPoolOptions(maximumConnections: 1))
        try await pool.query("CREATE DATABASE \(PostgresIdentifier.quote(name))")
        await pool.close()
        // Counts the calls of each statement: the demo's witness that a hit costs none.
        let demo = PostgresPool(url: cluster.url(database: name), options: PostgresPoolOptions(maximumConnections: 1))
        try await demo.query("CREATE EXTENSION pg_stat_statements")
        await demo.close()
    }

    /// Every parent must be open to the `postgres` user, so the system's place for temporary files it is.
    private static func makeTemporaryDirectory() throws -> String {
        var template = Array("/tmp/hookgate-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure("Cannot make a directory under /tmp: \(String(cString: strerror(errno))).")
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o711)
        return path
    }
}
