/// Walks the records of one segment, in order, across whatever damage there is.
///
/// Damage never ends the walk: a record whose payload is wrong is stepped over by its length; where a header is
/// wrong, the next place that holds a whole record with a higher sequence is searched for.
struct SegmentCursor {
    struct Record {
        let sequence: UInt64
        let offset: Int
        let payload: ArraySlice<UInt8>
    }

    enum Step {
        case record(Record)
        /// Bytes that are no record, with more records after them.
        case damage(Range<Int>)
        /// No record follows. `isClean` is false where something other than zeros does: a torn tail.
        case end(isClean: Bool)
    }

    private static let readAhead = 256 * 1024
    private static let sector = 4096

    private(set) var offset: Int
    /// The sequence of the last record seen; the next one must be higher.
    private(set) var sequence: UInt64
    private let file: any SpoolFile
    private let salt: UInt32
    private let end: Int
    /// Records from this sequence on belong to the next segment; here they are what was left of refused ones.
    private let sequenceEnd: UInt64
    private var window: [UInt8] = []
    private var windowStart = 0

    init(
        file: any SpoolFile, salt: UInt32, from offset: Int, to end: Int, after sequence: UInt64,
        before sequenceEnd: UInt64
    ) {
        self.file = file
        self.salt = salt
        self.offset = offset
        self.end = end
        self.sequence = sequence
        self.sequenceEnd = sequenceEnd
    }

    mutating func next() throws(SpoolDiskError) -> Step {
        if sequence + 1 >= sequenceEnd { return .end(isClean: true) }
        switch try probe(at: offset) {
        case .record(let record): return step(to: record)
        case .badPayload(let length): return try damage(from: offset, resumingAt: offset + length)
        case .nothing: return try damage(from: offset, resumingAt: offset + RecordHeader.alignment)
        }
    }

    private enum Probe {
        case record(Record)
        case badPayload(length: Int)
        case nothing
    }

    private mutating func step(to record: Record) -> Step {
        sequence = record.sequence
        offset = record.offset + RecordHeader.recordByteCount(payload: record.payload.count)
        return .record(record)
    }

    /// Looks for the next whole record behind a bad place. The cursor moves up to it, so that it comes next.
    private mutating func damage(from start: Int, resumingAt candidate: Int) throws(SpoolDiskError) -> Step {
        var place = candidate
        while let candidate = try nextNonZero(from: place) {
            if case .record = try probe(at: candidate) {
                offset = candidate
                return .damage(start..<candidate)
            }
            place = candidate + RecordHeader.alignment
        }
        let isClean = try nextNonZero(from: start) == nil
        return .end(isClean: isClean)
    }

    private mutating func probe(at place: Int) throws(SpoolDiskError) -> Probe {
        guard place + RecordHeader.byteCount <= end else { return .nothing }
        try fill(place..<place + RecordHeader.byteCount)
        guard window.count >= place - windowStart + RecordHeader.byteCount else { return .nothing }
        let header = window.withUnsafeBytes { bytes in
            RecordHeader(UnsafeRawBufferPointer(rebasing: bytes[(place - windowStart)...]), salt: salt)
        }
        guard let header, header.sequence > sequence, header.sequence < sequenceEnd else { return .nothing }
        let count = Int(header.payloadByteCount)
        let length = RecordHeader.recordByteCount(payload: count)
        let start = place + RecordHeader.byteCount
        guard start + count <= end else { return .nothing }
        try fill(place..<start + count)
        guard window.count >= start - windowStart + count else { return .nothing }
        let payload = window[start - windowStart..<start - windowStart + count]
        guard CRC32C.checksum(payload) == header.payloadChecksum else { return .badPayload(length: length) }
        return .record(Record(sequence: header.sequence, offset: place, payload: payload))
    }

    /// The next multiple of the alignment at or behind `place` whose eight bytes are not all zero.
    private mutating func nextNonZero(from place: Int) throws(SpoolDiskError) -> Int? {
        var place = place
        while place < end {
            try fill(place..<min(place + RecordHeader.alignment, end))
            let first = place - windowStart
            guard first < window.count else { return nil }
            let found = window.withUnsafeBytes { Self.firstNonZero(in: $0, from: first) }
            if let found { return windowStart + found }
            place =
                windowStart + (window.count + RecordHeader.alignment - 1) / RecordHeader.alignment
                * RecordHeader.alignment
            if window.count < Self.readAhead { return nil }
        }
        return nil
    }

    private static func firstNonZero(in bytes: UnsafeRawBufferPointer, from first: Int) -> Int? {
        var index = first
        while index &+ 8 <= bytes.count {
            if bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) != 0 { return index }
            index &+= 8
        }
        return bytes[index...].contains { $0 != 0 } ? index : nil
    }

    /// Makes the window cover a range of the file, as far as the file goes.
    private mutating func fill(_ range: Range<Int>) throws(SpoolDiskError) {
        guard range.lowerBound < windowStart || range.upperBound > windowStart + window.count else { return }
        windowStart = range.lowerBound
        window = try read(min(max(range.count, Self.readAhead), max(0, end - range.lowerBound)))
    }

    /// A sector that cannot be read costs the records in it, not those behind it: it reads as zeros.
    private func read(_ count: Int) throws(SpoolDiskError) -> [UInt8] {
        do throws(SpoolDiskError) {
            return try file.read(at: windowStart, count: count)
        } catch {
            guard error.isBadMedium else { throw error }
        }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let size = min(Self.sector, count - bytes.count)
            do throws(SpoolDiskError) {
                let part = try file.read(at: windowStart + bytes.count, count: size)
                bytes += part
                if part.count < size { break }
            } catch {
                guard error.isBadMedium else { throw error }
                bytes += repeatElement(0, count: size)
            }
        }
        return bytes
    }
}
