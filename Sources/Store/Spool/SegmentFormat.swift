import FoundationEssentials

/// The head of a segment file. It is kept twice, in two sectors, because without it no record of the segment
/// could be told from garbage.
struct SegmentHeader: Sendable, Equatable {
    /// The newest that is read. Written is the oldest that says all there is to say of a segment's records, so that a
    /// release before this one reads it as well.
    static let currentVersion: UInt16 = 2
    static let firstVersion: UInt16 = 1
    /// From this one on a record may have its body in a file of its own.
    static let bodyFilesVersion: UInt16 = 2
    /// Where the records begin.
    static let regionByteCount = 1024

    private static let magic: UInt64 = 0x314C_4F4F_5053_4748  // "HGSPOOL1"
    private static let byteCount = 64
    private static let copyOffsets = [0, 512]

    let number: UInt64
    /// The sequence of the segment's first record. A record of an *earlier* segment with this sequence or a
    /// later one was refused to its sender when its write failed, and does not count.
    let firstSequence: UInt64
    /// Which gateway's spool this is, for whoever finds the file on a dead machine's disk.
    let gatewayID: UUID
    /// Goes into every record's checksum. A sender cannot know it, so no body can hold bytes that look like a
    /// record to whoever searches a damaged segment for the next one.
    let salt: UInt32
    var version = Self.firstVersion

    func encode() -> [UInt8] {
        var writer = ByteWriter(reserving: Self.byteCount)
        writer.append(Self.magic)
        writer.append(version)
        writer.append(contentsOf: repeatElement(0, count: 6))
        writer.append(number)
        writer.append(firstSequence)
        writer.append(gatewayID)
        writer.append(salt)
        writer.append(contentsOf: repeatElement(0, count: 8))
        writer.append(CRC32C.checksum(writer.bytes))
        var region = [UInt8](repeating: 0, count: Self.regionByteCount)
        for offset in Self.copyOffsets { region.replaceSubrange(offset..<offset + Self.byteCount, with: writer.bytes) }
        return region
    }

    enum Decoded: Equatable {
        case valid(SegmentHeader)
        case newer(version: UInt16)
        case damaged
    }

    /// Reads whichever copy is whole. Magic, version and the checksum over 60 bytes stay where they are in
    /// every version to come, so that an older release can say what it found.
    static func decode(_ region: [UInt8]) -> Decoded {
        for offset in copyOffsets where offset + byteCount <= region.count {
            let copy = region[offset..<offset + byteCount]
            var reader = ByteReader(copy)
            do throws(SpoolRecordError) {
                let magic = try reader.integer(UInt64.self)
                let version = try reader.integer(UInt16.self)
                _ = try reader.take(6)
                let header = SegmentHeader(
                    number: try reader.integer(), firstSequence: try reader.integer(),
                    gatewayID: try reader.uuid(), salt: try reader.integer(), version: version)
                _ = try reader.take(8)
                guard magic == Self.magic, try reader.integer(UInt32.self) == CRC32C.checksum(copy.prefix(60)) else {
                    continue
                }
                return version > currentVersion ? .newer(version: version) : .valid(header)
            } catch {
                continue
            }
        }
        return .damaged
    }
}

/// What stands before every payload: 24 bytes, on a multiple of eight.
struct RecordHeader: Sendable, Equatable {
    static let byteCount = 24
    static let alignment = 8

    private static let magic: UInt32 = 0x5247_48B7

    let payloadByteCount: UInt32
    let sequence: UInt64
    let payloadChecksum: UInt32

    /// The record's length in the file, padding included.
    static func recordByteCount(payload: Int) -> Int {
        (byteCount + payload + alignment - 1) / alignment * alignment
    }

    func encode(salt: UInt32, into writer: inout ByteWriter) {
        let start = writer.bytes.count
        writer.append(Self.magic)
        writer.append(payloadByteCount)
        writer.append(sequence)
        writer.append(payloadChecksum)
        let checksum = writer.bytes[start...].withUnsafeBytes { CRC32C.checksum($0, seed: salt) }
        writer.append(checksum)
    }

    /// Nil unless these bytes were written as a record's header, in the segment with this salt.
    init?(_ bytes: UnsafeRawBufferPointer, salt: UInt32) {
        func field<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
            T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
        }
        guard bytes.count >= Self.byteCount, field(0, as: UInt32.self) == Self.magic,
            field(20, as: UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<20]), seed: salt)
        else { return nil }
        self.payloadByteCount = field(4, as: UInt32.self)
        self.sequence = field(8, as: UInt64.self)
        self.payloadChecksum = field(16, as: UInt32.self)
    }

    init(payloadByteCount: UInt32, sequence: UInt64, payloadChecksum: UInt32) {
        self.payloadByteCount = payloadByteCount
        self.sequence = sequence
        self.payloadChecksum = payloadChecksum
    }
}
