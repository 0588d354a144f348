import FoundationEssentials
import HookgateCore
import Synchronization
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(1))) struct RoutingSnapshotFileTests {
    private static let takenAt = Date(timeIntervalSince1970: 1_760_918_400)
    private static let changes: [RoutingChange] = [
        .integration(
            RoutingEntry(
                integrationID: IntegrationID(UUID()), organizationID: OrganizationID(UUID()), clinicID: nil,
                instanceName: InstanceName("Clínica nº 1"), isEnabled: true, revision: 4)),
        .integrationDeleted(IntegrationID(UUID()), revision: 9),
        .token(TokenDigest(of: "a"), IntegrationID(UUID()), .current, revision: 1),
        .token(TokenDigest(of: "b"), nil, .revoked, revision: 2),
        .token(TokenDigest(of: "c"), IntegrationID(UUID()), .grace(until: takenAt), revision: 3),
    ]

    private let disk = SimulatedDisk()

    private func write(_ pages: [RoutingChange]..., to file: RoutingSnapshotFile) async throws {
        try await file.write(takenAt: Self.takenAt) { (show) throws(RoutingSnapshotError) in
            for page in pages { try show(page) }
        }
    }

    private func read(_ file: RoutingSnapshotFile) async throws -> (Date?, [RoutingChange]) {
        let all = Mutex<[RoutingChange]>([])
        let instant = try await file.read { page in all.withLock { $0 += page } }
        return (instant, all.withLock { $0 })
    }

    @Test func whatWasWrittenIsReadAlsoAfterAPowerCut() async throws {
        let file = RoutingSnapshotFile(disk: disk)
        #expect(try await read(file).0 == nil)
        try await write(Self.changes, Array(Self.changes.prefix(2)), to: file)
        disk.losePower()
        let (instant, changes) = try await read(file)
        #expect(instant == Self.takenAt)
        #expect(changes == Self.changes + Self.changes.prefix(2))
        #expect(disk.fileNames == [RoutingSnapshotFile.fileName])
    }

    @Test func everyFlippedByteAndEveryTruncationIsNoticed() async throws {
        let file = RoutingSnapshotFile(disk: disk)
        try await write(Self.changes, to: file)
        let bytes = try #require(disk.bytes(of: RoutingSnapshotFile.fileName))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            disk.put(RoutingSnapshotFile.fileName, changed)
            await #expect(throws: RoutingSnapshotError.damaged, "byte \(index)") { try await read(file) }
            disk.put(RoutingSnapshotFile.fileName, Array(bytes[..<index]))
            await #expect(throws: RoutingSnapshotError.damaged, "\(index) bytes") { try await read(file) }
        }
    }

    @Test func aFailureLeavesTheLastSnapshotAsItWas() async throws {
        let file = RoutingSnapshotFile(disk: disk)
        try await write(Self.changes, to: file)
        disk.set(SimulatedDisk.Faults(failingSyncs: 1))
        await #expect(throws: RoutingSnapshotError.self) { try await write([Self.changes[1]], to: file) }
        #expect(try await read(file).1 == Self.changes)
    }

    @Test func anotherVersionIsNamed() async throws {
        let file = RoutingSnapshotFile(disk: disk)
        try await write(to: file)
        var bytes = try #require(disk.bytes(of: RoutingSnapshotFile.fileName))
        bytes[8] = 2
        let checksum = CRC32C.checksum(bytes[..<18])
        for index in 0..<4 { bytes[18 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
        disk.put(RoutingSnapshotFile.fileName, bytes)
        await #expect(throws: RoutingSnapshotError.unknownVersion(2)) { try await read(file) }
    }

    @Test func itIsReadableByNobodyElse() async throws {
        try await withDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try await write(Self.changes, to: RoutingSnapshotFile(directory: directory))
            #expect(try mode(of: "\(directory)/\(RoutingSnapshotFile.fileName)") == 0o600)
        }
    }
}
