import FoundationEssentials
import HookgateCore
import PostgresClient

/// The long bodies of events that were just stored, on their way into `hookgate.event_bodies`.
struct LongBodies: Sendable {
    private struct Row: Sendable {
        let id: UUID
        /// As PostgreSQL counts them.
        let daysSince2000: Int32
        let body: StrippedBody
    }

    private let rows: [Row]

    /// - Parameter days: of the events that were stored; what is not among them was there already.
    init(_ bodies: [(InboxRecord, StrippedBody)], storedOn days: [UUID: Int32]) {
        self.rows = bodies.compactMap { record, content in
            days[record.event.id.uuid].map {
                Row(id: record.event.id.uuid, daysSince2000: $0, body: content)
            }
        }
    }

    var isEmpty: Bool { rows.isEmpty }

    var copy: PostgresCopy {
        PostgresCopy(into: "hookgate.event_bodies (id, day, body)") { send in
            var head = Self.header
            for row in rows {
                head += Self.head(of: row)
                guard head.withUnsafeBytes(send), row.body.forEachPart({ Self.send($0, by: send) }) else {
                    return false
                }
                head = []
            }
            return Self.trailer.withUnsafeBytes(send)
        }
    }

    private static func send(_ part: UnsafeRawBufferPointer, by send: PostgresCopy.Sender) -> Bool {
        var rest = part[...]
        while !rest.isEmpty {
            guard send(UnsafeRawBufferPointer(rebasing: rest.prefix(PostgresCopy.longestPart))) else { return false }
            rest = rest.dropFirst(PostgresCopy.longestPart)
        }
        return true
    }

    // MARK: COPY's binary format: a signature, flags and no extension; fields behind their lengths; -1 for the end.

    private static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)
    private static let trailer: [UInt8] = [0xFF, 0xFF]

    private static func head(of row: Row) -> [UInt8] {
        var bytes: [UInt8] = []
        append(Int16(3), to: &bytes)
        append(Int32(16), to: &bytes)
        withUnsafeBytes(of: row.id.uuid) { bytes.append(contentsOf: $0) }
        append(Int32(4), to: &bytes)
        append(row.daysSince2000, to: &bytes)
        append(Int32(row.body.byteCount), to: &bytes)
        return bytes
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
