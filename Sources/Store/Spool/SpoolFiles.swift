import FoundationEssentials

/// The names in a spool's directory, and the order of writes and syncs that makes each change of it survive a
/// power cut at any point.
struct SpoolFiles: Sendable {
    static let checkpointName = "checkpoint"
    static let identityName = "gateway-id"
    /// A segment made ahead of time: all zeros, on disk, without a number yet.
    static let spareName = "next.segment"
    static let unfinishedSpareName = spareName + temporarySuffix
    static let damagedSuffix = ".damaged"

    private static let segmentSuffix = ".log"
    private static let temporarySuffix = ".tmp"

    let disk: any SpoolDisk

    var bodies: BodyFiles { BodyFiles(disk: disk) }

    static func segmentName(_ number: UInt64) -> String {
        digits(number) + segmentSuffix
    }

    static func digits(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    static func segmentNumber(_ name: String) -> UInt64? {
        guard name.hasSuffix(segmentSuffix), name.utf8.count == 20 + segmentSuffix.utf8.count else { return nil }
        return UInt64(name.dropLast(segmentSuffix.count))
    }

    /// The numbers of all segments, in order.
    func segmentNumbers() throws(SpoolDiskError) -> [UInt64] {
        try disk.names().compactMap(Self.segmentNumber).sorted()
    }

    /// Segments that were set aside, oldest first.
    func damagedSegments() throws(SpoolDiskError) -> [String] {
        try disk.names().filter { $0.hasSuffix(Self.segmentSuffix + Self.damagedSuffix) }.sorted()
    }

    static func numberOfDamaged(_ name: String) -> UInt64? {
        segmentNumber(String(name.dropLast(damagedSuffix.count)))
    }

    /// What a body is called until its record is written; removed as a temporary after a crash.
    static func receivedBodyName(_ unique: String) -> String {
        "received-" + unique + temporarySuffix
    }

    /// What a crash left half done; none of it was ever used.
    func removeTemporaries() throws(SpoolDiskError) {
        for name in try disk.names() where name.hasSuffix(Self.temporarySuffix) { try disk.remove(name) }
    }

    /// The whole of a small file, or nil when there is none.
    func contents(of name: String) throws(SpoolDiskError) -> [UInt8]? {
        guard try disk.names().contains(name) else { return nil }
        let file = try disk.open(name)
        return try file.read(at: 0, count: file.byteCount())
    }

    /// Replaces a small file: afterwards either the old or the new one is there, whole.
    func replace(_ name: String, with bytes: [UInt8]) throws(SpoolDiskError) {
        let temporary = name + Self.temporarySuffix
        let file = try disk.create(temporary)
        try file.write(bytes, at: 0)
        try file.synchronize()
        try disk.rename(temporary, to: name)
        try disk.synchronizeDirectory()
    }

    /// Begins the spare segment, under a name that a crash leaves to be removed.
    func beginSpare(byteCount: Int) throws(SpoolDiskError) -> UnfinishedSpare {
        UnfinishedSpare(self, try disk.create(Self.unfinishedSpareName), byteCount: byteCount)
    }

    /// Makes the spare segment at once, with one sync: while nobody waits for the disk.
    func makeSpare(byteCount: Int) throws(SpoolDiskError) {
        var spare = try beginSpare(byteCount: byteCount)
        do throws(SpoolDiskError) {
            while !spare.isWhole { try spare.makePiece(synchronizes: false) }
            try spare.synchronize()
            try spare.finish()
        } catch {
            spare.giveUp()
            throw error
        }
    }

    /// Whether there is a spare of this size that no crash left with a header in it.
    func hasSpare(byteCount: Int) throws(SpoolDiskError) -> Bool {
        guard try disk.names().contains(Self.spareName) else { return false }
        let file = try disk.open(Self.spareName)
        let region = try file.read(at: 0, count: SegmentHeader.regionByteCount)
        return try file.byteCount() == byteCount && region.allSatisfy { $0 == 0 }
    }

    /// Puts a segment under its number, ready for records: header, sync, name, sync, in this order, so that a
    /// segment with a number always has a whole header.
    func startSegment(_ header: SegmentHeader, fromSpare: Bool) throws(SpoolDiskError) -> any SpoolFile {
        let name = Self.segmentName(header.number)
        let source = fromSpare ? Self.spareName : name + Self.temporarySuffix
        let file = fromSpare ? try disk.open(source) : try disk.create(source)
        do throws(SpoolDiskError) {
            try file.write(header.encode(), at: 0)
            try file.synchronize()
            try disk.rename(source, to: name)
            try disk.synchronizeDirectory()
        } catch {
            // Under either name it holds no record; left over, it would be replaced or recovered as empty.
            try? disk.remove(source)
            try? disk.remove(name)
            throw error
        }
        return file
    }
}

extension SpoolFile {
    /// Writes an array, or its first `count` bytes.
    func write(_ bytes: [UInt8], count: Int? = nil, at offset: Int) throws(SpoolDiskError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(SpoolDiskError) in
            try write(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<(count ?? buffer.count)]), at: offset
            )
        }
    }
}
