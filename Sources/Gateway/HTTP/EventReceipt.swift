import FoundationEssentials
import HookgateCore
import NIOCore

/// The body of the answer to a webhook that was stored: JSON, written straight into the response.
struct EventReceipt: Sendable, Equatable {
    private static let opening = #"{"status":""#
    private static let middle = #"","id":""#
    private static let idByteCount = 36

    let status: String
    let id: EventID
    /// Further members, each with the comma before it.
    let members: String

    /// As many bytes as are written.
    var byteCount: Int {
        Self.opening.utf8.count + self.status.utf8.count + Self.middle.utf8.count + Self.idByteCount
            + self.members.utf8.count + 2
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeString(Self.opening)
        buffer.writeString(self.status)
        buffer.writeString(Self.middle)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.idByteCount) { self.writeID(into: $0) }
        buffer.writeStaticString("\"")
        buffer.writeString(self.members)
        buffer.writeStaticString("}")
    }

    /// In lower case, without the detour over a `String`.
    private func writeID(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        withUnsafeBytes(of: self.id.uuid.uuid) { raw in
            var end = 0
            for (index, byte) in raw.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    bytes[end] = UInt8(ascii: "-")
                    end += 1
                }
                bytes[end] = Self.digit(byte >> 4)
                bytes[end + 1] = Self.digit(byte & 0x0F)
                end += 2
            }
            return end
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
