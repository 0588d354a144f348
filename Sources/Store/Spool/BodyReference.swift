import HookgateCore

/// What a record says of the body that lies in a file of its own, under a name that follows from the record's place.
struct BodyReference: Sendable, Equatable {
    private static let digestByteCount = 32

    let byteCount: Int
    let sha256: [UInt8]

    init(_ body: ReadBody) {
        self.byteCount = body.byteCount
        self.sha256 = body.sha256
    }

    init(_ reader: inout ByteReader) throws(SpoolRecordError) {
        guard let byteCount = Int(exactly: try reader.integer(UInt64.self)) else {
            throw .invalid("no body is so long")
        }
        self.byteCount = byteCount
        self.sha256 = Array(try reader.take(Self.digestByteCount))
        guard reader.remaining.isEmpty else { throw .invalid("something follows the body's digest") }
    }

    func encode() -> [UInt8] {
        var writer = ByteWriter(reserving: 8 + Self.digestByteCount)
        writer.append(UInt64(byteCount))
        writer.append(contentsOf: sha256)
        return writer.bytes
    }
}
