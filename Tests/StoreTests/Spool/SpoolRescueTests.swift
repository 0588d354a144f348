import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Testing

@testable import Store

/// The spool of a machine that is dead, shipped from another one.
@Suite(.timeLimit(.minutes(2))) struct SpoolRescueTests {
    private static func open(_ directory: String) async throws -> Spool {
        var options = SpoolOptions.tiny
        options.preparesAhead = false
        return try await Spool.open(directory: directory, options: options)
    }

    private static func ship(_ spool: Spool, to database: TestDatabase) async throws -> ShipperStatus {
        let shipper = Shipper(
            spool: spool, pool: database.pool, routing: InMemoryRoutingSource(), logger: Logger(label: "test"))
        try await shipper.shipAll { _ in }
        try await spool.reader.removeShipped()
        return shipper.status
    }

    private static func logs(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".log") }
    }

    @Test func itIsEmptyAfterTheInboxHasItAndNotBefore() async throws {
        try await withSchema { database in
            try await withDirectory { directory in
                let dead = try await Spool.open(directory: directory, options: .tiny)
                for number in 1...UInt64(30) { try await dead.store(.sample(number)) }
                await dead.release()

                let interrupted = try await Self.open(directory)
                try await database.pool.execute(script: "ALTER TABLE hookgate.events RENAME TO moved_away")
                await #expect(throws: PostgresError.self) { _ = try await Self.ship(interrupted, to: database) }
                await interrupted.release()
                #expect(try SpoolInspector(directory: directory).inspect().waitingRecords == 30)
                try await database.pool.execute(script: "ALTER TABLE hookgate.moved_away RENAME TO events")

                let spool = try await Self.open(directory)
                #expect(try await Self.ship(spool, to: database).stored == 30)
                await spool.release()
                #expect(try Self.logs(in: directory).isEmpty)
                #expect(!FileManager.default.fileExists(atPath: "\(directory)/\(SpoolFiles.spareName)"))
                let gateways = try await database.pool.query("SELECT DISTINCT gateway_id FROM hookgate.events")
                let gateway: UUID = try gateways[0].decode("gateway_id")
                #expect(gateways.count == 1 && gateway == dead.gatewayID)
            }
        }
    }

    @Test func aSpoolThatWasEmptiedGoesOnWhereItWas() async throws {
        try await withSchema { database in
            try await withDirectory { directory in
                let first = try await Self.open(directory)
                for number in 1...UInt64(3) { try await first.store(.sample(number)) }
                _ = try await Self.ship(first, to: database)
                await first.release()
                let second = try await Self.open(directory)
                #expect(second.recovery.waitingRecords == 0)
                try await second.store(.sample(4))
                #expect(second.statistics().acceptedRecords == 4)
                #expect(second.statistics().depthRecords == 1)
                #expect(try await Self.ship(second, to: database).stored == 1)
                #expect(second.statistics().lostRecords == 0)
                await second.release()
            }
        }
    }

    @Test func aDamagedSegmentIsKeptAside() async throws {
        try await withSchema { database in
            try await withDirectory { directory in
                let dead = try await Self.open(directory)
                for number in 1...UInt64(3) { try await dead.store(.sample(number)) }
                let place = Int(try dead.everything().entries[1].position.offset)
                await dead.release()
                let url = URL(filePath: "\(directory)/\(try Self.logs(in: directory)[0])")
                var bytes = try Data(contentsOf: url)
                bytes[place + 30] ^= 0xFF
                try bytes.write(to: url)
                let spool = try await Self.open(directory)
                #expect(try await Self.ship(spool, to: database).stored == 2)
                #expect(spool.statistics().lostRecords == 1)
                #expect(spool.statistics().damagedSegments == 1)
                await spool.release()
                #expect(try SpoolInspector(directory: directory).inspect().damagedFiles.count == 1)
            }
        }
    }
}
