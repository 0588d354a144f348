import FoundationEssentials

/// Appends the spool's little-endian fields to a byte array.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(reserving capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    mutating func reserve(_ capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ uuid: UUID) {
        withUnsafeBytes(of: uuid.uuid) { bytes.append(contentsOf: $0) }
    }

    /// Length first, then the UTF-8.
    mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(contentsOf other: some Sequence<UInt8>) {
        bytes.append(contentsOf: other)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Writes a number over bytes that are already there: a length known only afterwards.
    mutating func overwrite(_ value: some FixedWidthInteger, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }
}

/// Reads what ``ByteWriter`` wrote. Every read checks its bounds: the bytes may be anything.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.offset = bytes.startIndex
    }

    var remaining: ArraySlice<UInt8> { bytes[offset...] }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(SpoolRecordError) -> T {
        let field = try take(MemoryLayout<T>.size)
        return field.reversed().reduce(0) { ($0 << 8) | T(truncatingIfNeeded: $1) }
    }

    mutating func uuid() throws(SpoolRecordError) -> UUID {
        let field = Array(try take(16))
        return UUID(
            uuid: (
                field[0], field[1], field[2], field[3], field[4], field[5], field[6], field[7],
                field[8], field[9], field[10], field[11], field[12], field[13], field[14], field[15]
            ))
    }

    mutating func text() throws(SpoolRecordError) -> String {
        let count = try integer(UInt32.self)
        guard let text = String(validating: try take(Int(count)), as: UTF8.self) else {
            throw .invalid("text is not UTF-8")
        }
        return text
    }

    mutating func take(_ count: Int) throws(SpoolRecordError) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - offset else { throw .truncated }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }
}
