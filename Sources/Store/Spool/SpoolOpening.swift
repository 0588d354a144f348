import FoundationEssentials
import HookgateCore

/// Brings the directory of a spool into order when it is opened, whatever state the last process left it in.
///
/// Only the last segment is read here: a segment is started after all of the one before is durable, so how many
/// records each holds follows from where the next one begins. Damage in them is found when they are shipped.
struct SpoolOpening {
    let ledger: SpoolLedger
    let gatewayID: UUID
    let lastNumber: UInt64
    let recovery: SpoolRecovery

    init(files: SpoolFiles, makeGatewayID: () -> UUID) throws(SpoolOpenError) {
        let headers = try SegmentHeaders(files: files)
        do throws(SpoolDiskError) {
            self = try SpoolOpening(mending: headers, files: files, makeGatewayID: makeGatewayID)
        } catch {
            throw .disk(error)
        }
    }

    private init(
        mending headers: SegmentHeaders, files: SpoolFiles, makeGatewayID: () -> UUID
    ) throws(SpoolDiskError) {
        var recovery = SpoolRecovery()
        try files.removeTemporaries()
        for name in headers.unreadable {
            try files.disk.rename(name, to: name + SpoolFiles.damagedSuffix)
            recovery.unreadableSegments.append(name)
        }
        var checkpoint = try Self.checkpoint(files, first: headers.valid.first, recovery: &recovery)
        var segments: [SpoolLedger.Segment] = []
        for header in headers.valid {
            let name = SpoolFiles.segmentName(header.number)
            if header.number < checkpoint.position.segment {
                try files.disk.remove(name)
            } else {
                let size = try files.disk.open(name).byteCount()
                segments.append(SpoolLedger.Segment(header, end: size, fileBytes: size))
            }
        }
        let last = try Self.mendLast(of: &segments, checkpoint: checkpoint, files: files, recovery: &recovery)
        let durable = max(last, checkpoint.sequence)
        if segments.isEmpty {
            checkpoint.lost += durable - checkpoint.sequence
            checkpoint.sequence = durable
        }
        try Self.findBodies(
            of: &segments, after: checkpoint.sequence, through: durable, files: files, recovery: &recovery)
        recovery.waitingRecords = durable - checkpoint.sequence
        recovery.segments = segments.count
        self.gatewayID = try Self.identity(files, known: headers.valid.last?.gatewayID, make: makeGatewayID)
        self.ledger = SpoolLedger(segments: segments, checkpoint: checkpoint, durableSequence: durable)
        self.lastNumber = max(headers.lastNumber, checkpoint.position.segment)
        self.recovery = recovery
    }

    private static func checkpoint(
        _ files: SpoolFiles, first: SegmentHeader?, recovery: inout SpoolRecovery
    ) throws(SpoolDiskError) -> SpoolCheckpoint {
        if let bytes = try files.contents(of: SpoolFiles.checkpointName) {
            if let checkpoint = SpoolCheckpoint.decode(bytes) { return checkpoint }
            recovery.checkpointWasLost = true
        }
        guard let first else { return SpoolCheckpoint() }
        // Before the first checkpoint the first segment is number 1; any other says that a checkpoint was there.
        if first.firstSequence > 1 { recovery.checkpointWasLost = true }
        return SpoolCheckpoint(
            position: SpoolPosition(segment: first.number, offset: UInt64(SegmentHeader.regionByteCount)),
            sequence: first.firstSequence - 1)
    }

    /// Finds the end of the last segment and cuts off what is behind it. Returns the last durable sequence.
    private static func mendLast(
        of segments: inout [SpoolLedger.Segment], checkpoint: SpoolCheckpoint, files: SpoolFiles,
        recovery: inout SpoolRecovery
    ) throws(SpoolDiskError) -> UInt64 {
        guard let last = segments.last else { return 0 }
        let name = SpoolFiles.segmentName(last.number)
        let file = try files.disk.open(name)
        let isBegun = last.number == checkpoint.position.segment
        let start = isBegun ? min(last.end, Int(checkpoint.position.offset)) : SegmentHeader.regionByteCount
        var cursor = SegmentCursor(
            file: file, salt: last.salt, from: start, to: last.end,
            after: isBegun ? checkpoint.sequence : last.firstSequence - 1, before: .max)
        var isReading = true
        while isReading {
            let previous = cursor.sequence
            switch try cursor.next() {
            case .record(let record): recovery.lostRecords += record.sequence - previous - 1
            case .damage: break
            case .end(let isClean):
                recovery.hadTornTail = !isClean
                isReading = false
            }
        }
        let end = cursor.offset
        segments[segments.count - 1].end = end
        segments[segments.count - 1].fileBytes = end
        do throws(SpoolDiskError) {
            if cursor.sequence < last.firstSequence {
                segments.removeLast()
                try files.disk.remove(name)
            } else {
                // The tail may be in the kernel's memory alone: shipping it must not outrun its durability.
                try file.truncate(to: end)
                try file.synchronize()
            }
        } catch {
            recovery.warnings.append("\(error)")
        }
        return cursor.sequence
    }

    /// Counts the bodies that wait, and removes those that no durable record can refer to: of records that were being
    /// written at a crash, and of records that were shipped. Their names say it; no record is read for it.
    private static func findBodies(
        of segments: inout [SpoolLedger.Segment], after shipped: UInt64, through durable: UInt64, files: SpoolFiles,
        recovery: inout SpoolRecovery
    ) throws(SpoolDiskError) {
        let setAside = Set(try files.damagedSegments().compactMap(SpoolFiles.numberOfDamaged))
        for name in try files.bodies.names() where !setAside.contains(name.segment) {
            let index = segments.firstIndex { $0.number == name.segment }
            let last = index.map { $0 + 1 < segments.count ? segments[$0 + 1].firstSequence - 1 : durable }
            if let index, let last, name.sequence > shipped, name.sequence <= last {
                segments[index].bodyBytes += try files.bodies.byteCount(of: name)
            } else {
                try files.bodies.remove(name)
                recovery.removedBodies += 1
            }
        }
    }

    private static func identity(
        _ files: SpoolFiles, known: UUID?, make: () -> UUID
    ) throws(SpoolDiskError) -> UUID {
        if let bytes = try files.contents(of: SpoolFiles.identityName),
            let uuid = UUID(uuidString: String(decoding: bytes.prefix(36), as: UTF8.self))
        {
            return uuid
        }
        let uuid = known ?? make()
        try files.replace(SpoolFiles.identityName, with: Array("\(uuid.uuidString.lowercased())\n".utf8))
        return uuid
    }
}

/// The headers of all segments in a directory, read before anything is changed there: what a later release
/// wrote is left as it is.
private struct SegmentHeaders {
    private(set) var valid: [SegmentHeader] = []
    private(set) var unreadable: [String] = []
    private(set) var lastNumber: UInt64 = 0

    init(files: SpoolFiles) throws(SpoolOpenError) {
        for (name, number, decoded) in try Self.decodeAll(files) {
            lastNumber = number
            switch decoded {
            case .valid(let header) where header.number == number: valid.append(header)
            case .valid, .damaged: unreadable.append(name)
            case .newer(let version): throw .formatTooNew(file: name, version: version)
            }
        }
    }

    private static func decodeAll(
        _ files: SpoolFiles
    ) throws(SpoolOpenError) -> [(name: String, number: UInt64, decoded: SegmentHeader.Decoded)] {
        do throws(SpoolDiskError) {
            var found: [(name: String, number: UInt64, decoded: SegmentHeader.Decoded)] = []
            for number in try files.segmentNumbers() {
                let name = SpoolFiles.segmentName(number)
                let region = try files.disk.open(name).read(at: 0, count: SegmentHeader.regionByteCount)
                found.append((name, number, SegmentHeader.decode(region)))
            }
            return found
        } catch {
            throw .disk(error)
        }
    }
}
