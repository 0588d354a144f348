import FoundationEssentials
import HookgateCore

/// Puts batches of records into segments, each with one sync, and starts a new segment where one ends or fails.
///
/// A file whose write or sync failed is never written again: after a failed sync the kernel calls the lost pages
/// clean, and a second sync would report success for bytes that are nowhere.
struct SegmentWriter {
    /// A batch, or the part of it that fitted one segment, is durable.
    struct Commit {
        let records: ArraySlice<WaitingAppend>
        let positions: [SpoolPosition]
        let end: Int
        let syncTime: Duration
    }

    enum Event {
        case started(SpoolLedger.Segment)
        case committed(Commit)
    }

    private struct Active {
        let file: any SpoolFile
        let header: SegmentHeader
        let capacity: Int
        var end: Int
    }

    /// A body from this size on is written from where it lies; a smaller one is cheaper to copy than a call.
    private static let directWriteBytes = 64 << 10
    /// A larger buffer is given back after its batch.
    private static let keptBufferBytes = 1 << 20

    private let files: SpoolFiles
    private let options: SpoolOptions
    private let gatewayID: UUID
    private let syncTimes: DurationHistogram
    private let takeSpare: @Sendable () -> Bool
    private var active: Active?
    /// What a batch is put together in. It stays from one to the next: large blocks are dear to allocate.
    private var buffer = ByteWriter()
    private var lastNumber: UInt64
    private var nextSequence: UInt64

    init(
        files: SpoolFiles, options: SpoolOptions, gatewayID: UUID, lastNumber: UInt64, nextSequence: UInt64,
        syncTimes: DurationHistogram, takeSpare: @escaping @Sendable () -> Bool
    ) {
        self.files = files
        self.options = options
        self.gatewayID = gatewayID
        self.lastNumber = lastNumber
        self.nextSequence = nextSequence
        self.syncTimes = syncTimes
        self.takeSpare = takeSpare
    }

    /// Makes a batch durable, telling of each step as it is done. When it throws, what was not told of as
    /// committed is not stored, and the next batch begins in a segment of its own.
    mutating func commit(_ batch: [WaitingAppend], report: (Event) -> Void) throws(SpoolDiskError) {
        var rest = batch[...]
        do throws(SpoolDiskError) {
            while let first = rest.first {
                if let segment = try makeRoom(for: first.byteCount, first.segmentVersion) {
                    report(.started(segment))
                }
                guard let current = active else { preconditionFailure("no segment after making room for a record") }
                let fitting = Self.prefix(of: rest, fitting: current)
                let commit = try append(fitting, to: current)
                rest = rest.dropFirst(fitting.count)
                report(.committed(commit))
            }
        } catch {
            active = nil
            throw error
        }
    }

    /// Starts the first segment at once, so that the first event does not wait for it.
    mutating func startAhead(report: (Event) -> Void) throws(SpoolDiskError) {
        if let segment = try makeRoom(for: 0, SegmentHeader.firstVersion) { report(.started(segment)) }
    }

    private mutating func makeRoom(
        for byteCount: Int, _ version: UInt16
    ) throws(SpoolDiskError) -> SpoolLedger.Segment? {
        if let active, active.end + byteCount <= active.capacity, active.header.version >= version { return nil }
        active = nil
        let needed = SegmentHeader.regionByteCount + byteCount
        let header = SegmentHeader(
            number: lastNumber + 1, firstSequence: nextSequence, gatewayID: gatewayID,
            salt: UInt32.random(in: .min ... .max), version: version)
        let isOversized = needed > options.segmentBytes
        let fromSpare = !isOversized && takeSpare()
        let file = try files.startSegment(header, fromSpare: fromSpare)
        lastNumber += 1
        active = Active(
            file: file, header: header, capacity: max(needed, options.segmentBytes),
            end: SegmentHeader.regionByteCount)
        return SpoolLedger.Segment(
            header, end: SegmentHeader.regionByteCount, fileBytes: max(needed, options.segmentBytes))
    }

    private static func prefix(of rest: ArraySlice<WaitingAppend>, fitting active: Active) -> ArraySlice<WaitingAppend>
    {
        var room = active.capacity - active.end
        return rest.prefix { append in
            room -= append.byteCount
            return room >= 0 && append.segmentVersion <= active.header.version
        }
    }

    /// Puts the bodies that have files of their own where their records will say they are. Before the records: one
    /// without its body would be a promise that is not kept, a body without its record is only removed again.
    private func moveBodies(of records: ArraySlice<WaitingAppend>, to active: Active) throws(SpoolDiskError) {
        var hasMoved = false
        for (index, record) in records.enumerated() {
            guard let body = record.bodyFile else { continue }
            let sequence = nextSequence + UInt64(index)
            try body.move(to: BodyFiles.Name(segment: active.header.number, sequence: sequence))
            hasMoved = true
        }
        if hasMoved { try files.disk.synchronizeDirectory() }
    }

    private mutating func append(
        _ records: ArraySlice<WaitingAppend>, to active: Active
    ) throws(SpoolDiskError) -> Commit {
        try moveBodies(of: records, to: active)
        var positions: [SpoolPosition] = []
        positions.reserveCapacity(records.count)
        defer { emptyBuffer() }
        buffer.reserve(records.reduce(0) { $0 + min($1.byteCount, 2 * Self.directWriteBytes) })
        var bufferStart = active.end
        var end = active.end
        for (index, record) in records.enumerated() {
            positions.append(SpoolPosition(segment: active.header.number, offset: UInt64(end)))
            let header = RecordHeader(
                payloadByteCount: UInt32(record.payloadByteCount), sequence: nextSequence + UInt64(index),
                payloadChecksum: record.checksum)
            header.encode(salt: active.header.salt, into: &buffer)
            buffer.append(contentsOf: record.head)
            if record.body.count < Self.directWriteBytes {
                buffer.append(contentsOf: record.body)
            } else {
                try active.file.write(buffer.bytes, at: bufferStart)
                try active.file.write(record.body, at: bufferStart + buffer.bytes.count)
                bufferStart += buffer.bytes.count + record.body.count
                buffer.removeAll()
            }
            end += record.byteCount
            buffer.append(contentsOf: repeatElement(0, count: end - bufferStart - buffer.bytes.count))
        }
        try active.file.write(buffer.bytes, at: bufferStart)
        let begun = ContinuousClock.now
        try active.file.synchronize()
        let syncTime = ContinuousClock.now - begun
        syncTimes.record(syncTime)
        nextSequence += UInt64(records.count)
        self.active?.end = end
        return Commit(records: records, positions: positions, end: end, syncTime: syncTime)
    }

    private mutating func emptyBuffer() {
        if buffer.bytes.capacity > Self.keptBufferBytes {
            buffer = ByteWriter()
        } else {
            buffer.removeAll()
        }
    }
}
