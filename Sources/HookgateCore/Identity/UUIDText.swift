import FoundationEssentials

/// The text form of a uuid. Foundation reads and prints it with the C library's formats, which takes microseconds; a
/// migration does so ten times for each instance.
enum UUIDText {
    private static let length = 36

    /// Lower case, as PostgreSQL prints it.
    static func text(of uuid: UUID) -> String {
        String(unsafeUninitializedCapacity: length) { buffer in
            var index = 0
            withUnsafeBytes(of: uuid.uuid) { bytes in
                for (position, byte) in bytes.enumerated() {
                    if isHyphenBefore(position) {
                        buffer[index] = UInt8(ascii: "-")
                        index += 1
                    }
                    buffer[index] = digit(byte >> 4)
                    buffer[index + 1] = digit(byte & 0x0F)
                    index += 2
                }
            }
            return index
        }
    }

    /// Nil for anything but 32 hexadecimal digits, of either case, with hyphens in the usual places.
    static func uuid(of text: String) -> UUID? {
        var text = text
        return text.withUTF8 { characters in
            guard characters.count == length else { return nil }
            var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            let isWhole = withUnsafeMutableBytes(of: &uuid) { fill($0, from: characters) }
            return isWhole ? UUID(uuid: uuid) : nil
        }
    }

    private static func fill(_ bytes: UnsafeMutableRawBufferPointer, from text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        for position in 0..<16 {
            if isHyphenBefore(position) {
                guard text[index] == UInt8(ascii: "-") else { return false }
                index += 1
            }
            guard let high = JSONEscape.hexValue(text[index]), let low = JSONEscape.hexValue(text[index + 1]) else {
                return false
            }
            bytes[position] = high << 4 | low
            index += 2
        }
        return true
    }

    private static func isHyphenBefore(_ position: Int) -> Bool {
        position == 4 || position == 6 || position == 8 || position == 10
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
