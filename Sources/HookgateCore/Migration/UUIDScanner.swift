package import FoundationEssentials

/// Finds uuids inside free text, such as `clinic-{uuid}-{time}`.
package enum UUIDScanner {
    private static let length = 36

    /// Every uuid in its usual form, in the order in which they stand, each once.
    package static func uuids(in text: String) -> [UUID] {
        let bytes = Array(text.utf8)
        var found: [UUID] = []
        var start = 0
        while start + length <= bytes.count {
            let slice = bytes[start..<start + length]
            if isUUID(slice), !continues(bytes, before: start), !continues(bytes, after: start + length - 1),
                let uuid = UUID(uuidString: String(decoding: slice, as: UTF8.self))
            {
                if !found.contains(uuid) { found.append(uuid) }
                start += length
            } else {
                start += 1
            }
        }
        return found
    }

    private static func isUUID(_ slice: ArraySlice<UInt8>) -> Bool {
        slice.enumerated().allSatisfy { offset, byte in
            switch offset {
            case 8, 13, 18, 23: byte == UInt8(ascii: "-")
            default: isHexadecimal(byte)
            }
        }
    }

    /// A longer run of hexadecimal digits holds no uuid, only the look of one.
    private static func continues(_ bytes: [UInt8], before start: Int) -> Bool {
        start > 0 && isHexadecimal(bytes[start - 1])
    }

    private static func continues(_ bytes: [UInt8], after end: Int) -> Bool {
        end + 1 < bytes.count && isHexadecimal(bytes[end + 1])
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
