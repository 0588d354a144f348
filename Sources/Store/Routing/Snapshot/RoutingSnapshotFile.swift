import Dispatch
package import FoundationEssentials
package import HookgateCore

/// The snapshot of routing as a file (0600): a head, then pages with a length and a checksum each, then an empty page.
///
/// Of tokens it holds the digests. It is written beside the last one and takes its place when it is on disk, so that
/// there is always a whole one.
package final class RoutingSnapshotFile: RoutingSnapshotStore {
    package static let fileName = "routing.snapshot"
    private static let temporaryName = fileName + ".tmp"

    static let version: UInt16 = 1
    private static let magic: UInt64 = 0x3145_5455_4F52_4748  // "HGROUTE1"
    private static let headBytes = 22
    private static let pageHeadBytes = 8
    /// Far more than a page of changes has; what claims to be longer is damaged.
    private static let longestPage = 16 << 20

    private let disk: any SpoolDisk
    private let queue = DispatchQueue(label: "hookgate.routing.snapshot", qos: .utility)

    /// - Parameter directory: exists, and belongs to this process.
    package convenience init(directory: String) {
        self.init(disk: LocalSpoolDisk(directory: directory))
    }

    init(disk: any SpoolDisk) {
        self.disk = disk
    }

    package func write(
        takenAt instant: Date, _ contents: @escaping @Sendable (Page) throws(RoutingSnapshotError) -> Void
    ) async throws(RoutingSnapshotError) {
        try await run { () throws(RoutingSnapshotError) in try self.writeNow(takenAt: instant, contents) }
    }

    package func read(
        _ page: @escaping @Sendable ([RoutingChange]) -> Void
    ) async throws(RoutingSnapshotError) -> Date? {
        try await run { () throws(RoutingSnapshotError) in try self.readNow(page) }
    }

    private func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(RoutingSnapshotError) -> T
    ) async throws(RoutingSnapshotError) -> T {
        let result: Result<T, RoutingSnapshotError> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(RoutingSnapshotError) in try body() })
            }
        }
        return try result.get()
    }

    // MARK: - On its own thread

    private func writeNow(
        takenAt instant: Date, _ contents: (Page) throws(RoutingSnapshotError) -> Void
    ) throws(RoutingSnapshotError) {
        let file = try onDisk { () throws(SpoolDiskError) in try disk.create(Self.temporaryName) }
        var offset = 0
        func append(_ bytes: [UInt8]) throws(RoutingSnapshotError) {
            try onDisk { () throws(SpoolDiskError) in try file.write(bytes, at: offset) }
            offset += bytes.count
        }
        try append(Self.head(takenAt: instant))
        try contents { (changes) throws(RoutingSnapshotError) in
            guard !changes.isEmpty else { return }
            try append(Self.page(of: changes))
        }
        try append(Self.page(of: []))
        try onDisk { () throws(SpoolDiskError) in
            try file.synchronize()
            try disk.rename(Self.temporaryName, to: Self.fileName)
            try disk.synchronizeDirectory()
        }
    }

    private func readNow(_ page: ([RoutingChange]) -> Void) throws(RoutingSnapshotError) -> Date? {
        let found = try onDisk { () throws(SpoolDiskError) -> (any SpoolFile)? in
            try disk.names().contains(Self.fileName) ? try disk.open(Self.fileName) : nil
        }
        guard let file = found else { return nil }
        let instant = try Self.instant(inHead: try read(file, at: 0, count: Self.headBytes))
        var offset = Self.headBytes
        while true {
            var head = ByteReader(try read(file, at: offset, count: Self.pageHeadBytes)[...])
            let (length, checksum) = try Self.decoding { () throws(SpoolRecordError) in
                (Int(try head.integer(UInt32.self)), try head.integer(UInt32.self))
            }
            guard length <= Self.longestPage else { throw .damaged }
            let bytes = try read(file, at: offset + Self.pageHeadBytes, count: length)
            guard CRC32C.checksum(bytes) == checksum else { throw .damaged }
            if length == 0 { return instant }
            page(try Self.decoding { () throws(SpoolRecordError) in try RoutingChangeCoding.decode(bytes) })
            offset += Self.pageHeadBytes + length
        }
    }

    private func read(_ file: any SpoolFile, at offset: Int, count: Int) throws(RoutingSnapshotError) -> [UInt8] {
        let bytes = try onDisk { () throws(SpoolDiskError) in try file.read(at: offset, count: count) }
        guard bytes.count == count else { throw .damaged }
        return bytes
    }

    private static func head(takenAt instant: Date) -> [UInt8] {
        var writer = ByteWriter(reserving: headBytes)
        writer.append(magic)
        writer.append(version)
        writer.append(instant.timeIntervalSinceReferenceDate.bitPattern)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    private static func instant(inHead head: [UInt8]) throws(RoutingSnapshotError) -> Date {
        var reader = ByteReader(head[...])
        let (magic, version, instant, checksum) = try decoding { () throws(SpoolRecordError) in
            (
                try reader.integer(UInt64.self), try reader.integer(UInt16.self), try reader.integer(UInt64.self),
                try reader.integer(UInt32.self)
            )
        }
        guard magic == Self.magic, checksum == CRC32C.checksum(head.dropLast(4)) else { throw .damaged }
        guard version == Self.version else { throw .unknownVersion(version) }
        return Date(timeIntervalSinceReferenceDate: Double(bitPattern: instant))
    }

    private static func page(of changes: [RoutingChange]) -> [UInt8] {
        let bytes = changes.isEmpty ? [] : RoutingChangeCoding.encode(changes)
        var writer = ByteWriter(reserving: pageHeadBytes + bytes.count)
        writer.append(UInt32(bytes.count))
        writer.append(CRC32C.checksum(bytes))
        writer.append(contentsOf: bytes)
        return writer.bytes
    }

    private static func decoding<T>(_ body: () throws(SpoolRecordError) -> T) throws(RoutingSnapshotError) -> T {
        do throws(SpoolRecordError) { return try body() } catch { throw .damaged }
    }

    private func onDisk<T>(_ body: () throws(SpoolDiskError) -> T) throws(RoutingSnapshotError) -> T {
        do throws(SpoolDiskError) { return try body() } catch { throw .disk("\(error)") }
    }
}
