import FoundationEssentials
import HookgateCore

/// What the spool knows of its segments without asking the disk: which there are, how far each is durable, and
/// how far they were shipped. Pure; writer and reader meet here, under one short lock.
struct SpoolLedger: Sendable {
    struct Segment: Sendable, Equatable {
        let number: UInt64
        let firstSequence: UInt64
        let salt: UInt32
        /// Whether records of it may have bodies in files of their own.
        let mayHaveBodyFiles: Bool
        /// No durable record lies at or behind this offset.
        var end: Int
        /// What the file takes on disk.
        var fileBytes: Int
        /// What waits beside it in files of bodies.
        var bodyBytes = 0
        var isDamaged = false

        init(_ header: SegmentHeader, end: Int, fileBytes: Int) {
            self.number = header.number
            self.firstSequence = header.firstSequence
            self.salt = header.salt
            self.mayHaveBodyFiles = header.version >= SegmentHeader.bodyFilesVersion
            self.end = end
            self.fileBytes = fileBytes
        }
    }

    /// One stretch of one segment to read.
    struct Stretch: Equatable {
        let segment: Segment
        let from: Int
        /// The sequence of the stretch's last durable record, whether it can still be read or not.
        let lastSequence: UInt64
        /// Where the next stretch begins; nil in the segment that is still written.
        let next: SpoolPosition?
    }

    private(set) var segments: [Segment]
    private(set) var checkpoint: SpoolCheckpoint
    private(set) var durableSequence: UInt64
    /// Of what waits on disk, the bytes of events that nobody could decide; those of earlier processes are not counted.
    private(set) var undecidedBytes = 0
    private(set) var syncs: UInt64 = 0
    private(set) var lastSyncAt: Date?
    private(set) var failure: String?
    private(set) var oldestReceivedAt: Date?
    /// How many segments are set aside.
    var damagedSegments = 0
    var diskUsedShare: Double?
    /// A look at the disk is on its way.
    var isRechecking = false

    /// Of all segments together; every append asks for what waits, and in an outage there are hundreds of segments.
    private var fileBytes: Int
    private var bodyBytes: Int

    /// The last sequence that was there when the spool was opened.
    private let openedSequence: UInt64

    init(segments: [Segment], checkpoint: SpoolCheckpoint, durableSequence: UInt64) {
        self.segments = segments
        self.checkpoint = checkpoint
        self.durableSequence = durableSequence
        self.openedSequence = durableSequence
        self.fileBytes = segments.reduce(0) { $0 + $1.fileBytes }
        self.bodyBytes = segments.reduce(0) { $0 + $1.bodyBytes }
    }

    /// What waits on disk: whole files, but of the one that is written only what is used.
    var depthBytes: Int {
        fileBytes + bodyBytes - (segments.last.map { $0.fileBytes - $0.end } ?? 0)
    }

    mutating func started(_ segment: Segment) {
        segments.append(segment)
        fileBytes += segment.fileBytes
        bodyBytes += segment.bodyBytes
    }

    mutating func committed(_ records: ArraySlice<WaitingAppend>, end: Int, at now: Date) {
        if durableSequence == checkpoint.sequence { oldestReceivedAt = records.first?.receivedAt }
        durableSequence += UInt64(records.count)
        undecidedBytes += records.reduce(0) { $0 + $1.undecidedByteCount }
        segments[segments.count - 1].end = end
        let inFiles = records.reduce(0) { $0 + $1.bodyFileByteCount }
        segments[segments.count - 1].bodyBytes += inFiles
        bodyBytes += inFiles
        syncs += 1
        lastSyncAt = now
        failure = nil
    }

    mutating func recovered() {
        failure = nil
    }

    mutating func failed(_ reason: String) {
        failure = reason
    }

    mutating func damaged(_ number: UInt64) {
        guard let index = segments.firstIndex(where: { $0.number == number }) else { return }
        segments[index].isDamaged = true
    }

    /// The stretch that begins at a position, or at the first segment behind it.
    func stretch(at position: SpoolPosition) -> Stretch? {
        guard let index = segments.firstIndex(where: { $0.number >= position.segment }) else { return nil }
        let segment = segments[index]
        let follower = index + 1 < segments.count ? segments[index + 1] : nil
        return Stretch(
            segment: segment,
            from: segment.number == position.segment
                ? max(Int(position.offset), SegmentHeader.regionByteCount) : SegmentHeader.regionByteCount,
            lastSequence: follower.map { $0.firstSequence - 1 } ?? durableSequence,
            next: follower.map {
                SpoolPosition(segment: $0.number, offset: UInt64(SegmentHeader.regionByteCount))
            })
    }

    /// Takes a checkpoint that is durable, and says which segments lie wholly below it.
    mutating func advanced(past batch: SpoolBatch) -> [Segment] {
        checkpoint = batch.checkpoint
        for record in batch.undecided where record.sequence > openedSequence { undecidedBytes -= record.bytes }
        if checkpoint.sequence == durableSequence {
            oldestReceivedAt = nil
            // What was damaged beyond reading was in no batch.
            undecidedBytes = 0
        }
        return segments.filter { $0.number < checkpoint.position.segment }
    }

    /// The reader looked at what waits: its first is the oldest.
    mutating func sawOldest(_ oldest: Date?) {
        if let oldest { oldestReceivedAt = oldest }
    }

    mutating func removedBody(_ name: BodyFiles.Name, bytes: Int) {
        guard let index = segments.firstIndex(where: { $0.number == name.segment }) else { return }
        segments[index].bodyBytes -= bytes
        bodyBytes -= bytes
    }

    mutating func removed(_ number: UInt64) {
        guard let index = segments.firstIndex(where: { $0.number == number }) else { return }
        fileBytes -= segments[index].fileBytes
        bodyBytes -= segments[index].bodyBytes
        segments.remove(at: index)
    }
}
