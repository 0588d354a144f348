import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// `hookgate spool` on the directory that a gateway left behind.
@Suite(.timeLimit(.minutes(3)))
struct SpoolCommandTests {
    /// A copy of the recorded spool, in a data directory of its own.
    private static func withLeftSpool(_ body: (_ dataDirectory: String) async throws -> Void) async throws {
        let directory = try TestCluster.makeFolder(prefix: "hookgate-left")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.copyItem(
            atPath: Fixtures.directory.appending(path: "spool/v1").path, toPath: directory + "/spool")
        try await body(directory)
    }

    @Test func statusAndVerifyChangeNothing() async throws {
        try await Self.withLeftSpool { directory in
            let hookgate = HookgateBinary(dataDirectory: directory)
            let before = try FileManager.default.contentsOfDirectory(atPath: directory + "/spool").sorted()
            let status = try await hookgate.run("spool", "status")
            #expect(status.exitCode == 0, "\(status.complaint)")
            #expect(status.output.contains("5 events"))
            #expect(status.output.contains("format 1"))
            let json = try await hookgate.run("spool", "status", directory, "--json")
            #expect(json.output.contains("\"waiting_events\" : 5"))
            let verify = try await hookgate.run("spool", "verify", directory + "/spool")
            #expect(verify.exitCode == 0, "\(verify.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/spool").sorted() == before)
            let elsewhere = try await hookgate.run("spool", "status", "/nonexistent")
            #expect(elsewhere.exitCode == 1 && elsewhere.complaint.contains("There is no spool"))
        }
    }

    @Test func aDamagedSpoolEndsWithThreeAndTheFirstBadByte() async throws {
        try await Self.withLeftSpool { directory in
            let names = try FileManager.default.contentsOfDirectory(atPath: directory + "/spool")
            let last = try #require(names.filter { $0.hasSuffix(".log") }.max())
            let url = URL(filePath: "\(directory)/spool/\(last)")
            var bytes = try Data(contentsOf: url)
            bytes[1_040] ^= 0xFF
            try bytes.write(to: url)
            let hookgate = HookgateBinary(dataDirectory: directory)
            let verify = try await hookgate.run("spool", "verify")
            #expect(verify.exitCode == 3)
            #expect(verify.output.contains("\(last), byte 1024"))
            #expect(try await hookgate.run("spool", "ship", directory, "--dry-run").exitCode == 3)
        }
    }

    @Test func aDeadMachinesSpoolIsShippedOnceAndRemoved() async throws {
        try await withSchema { database in
            try await Self.withLeftSpool { directory in
                let hookgate = HookgateBinary(databaseURL: database.url)
                let dry = try await hookgate.run("spool", "ship", directory, "--dry-run")
                #expect(dry.exitCode == 0 && dry.output.contains("Would ship 5 events"))
                let shipped = try await hookgate.run("spool", "ship", directory)
                #expect(shipped.exitCode == 0, "\(shipped.complaint)")
                // Two of the held ones say what another of them says.
                #expect(shipped.output.contains("Shipped 3 events; 2 were in the inbox already"))
                let rows = try await database.pool.query("SELECT state FROM hookgate.events ORDER BY received_at")
                #expect(
                    try rows.map { row in try row.decode("state", as: String.self) }
                        == ["quarantined", "probe", "pending"], "\(shipped.output)")
                let left = try FileManager.default.contentsOfDirectory(atPath: directory + "/spool")
                #expect(!left.contains { $0.hasSuffix(".log") })
                let again = try await hookgate.run("spool", "ship", directory)
                #expect(again.exitCode == 0 && again.output.contains("Shipped 0 events"))
            }
        }
    }

    @Test func aSpoolWhoseOwnerLivesIsLeftAlone() async throws {
        try await withSchema { database in
            try await Self.withLeftSpool { directory in
                let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
                let exitCode = try await hookgate.serving { _ in
                    let status = try await hookgate.run("spool", "status")
                    #expect(status.output.contains("by process"))
                    let ship = try await hookgate.run("spool", "ship", directory)
                    #expect(ship.exitCode == 1)
                    #expect(ship.complaint.contains("is in use by process"))
                }
                #expect(exitCode == 0)
            }
        }
    }
}
