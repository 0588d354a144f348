/// Finds webhook tokens of our form in JSON text, also where some of their characters are written as escapes.
enum TokenRedaction {
    static let mask = Array("hgw_…".utf8)
    private static let prefix: StaticString = "hgw_"
    /// 43 characters of the secret and 6 of its checksum. The checksum is not verified: what looks like a token is
    /// not kept either.
    private static let length = 49

    /// Where the token that begins at `index` ends, if one does. `end` is the end of the string around it. What runs on
    /// in the same alphabet belongs to it, so that a token behind a stray `hgw_` is masked to its last character.
    static func match(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> Int? {
        var index = index
        for offset in 0..<prefix.utf8CodeUnitCount + length {
            guard index < end else { return nil }
            let (byte, next) = JSONEscape.asciiUnit(base, at: index, end: end)
            let fits = offset < prefix.utf8CodeUnitCount ? byte == prefix.utf8Start[offset] : Base64URL.isMember(byte)
            guard fits else { return nil }
            index = next
        }
        while index < end {
            let (byte, next) = JSONEscape.asciiUnit(base, at: index, end: end)
            guard Base64URL.isMember(byte) else { break }
            index = next
        }
        return index
    }

    /// The first place at or after `index` where the prefix stands unescaped; `count` when there is none.
    ///
    /// Media are megabytes of base64 without an underscore, so the underscore is looked for, eight bytes at a time.
    static func nextMarker(_ base: UnsafePointer<UInt8>, count: Int, from index: Int) -> Int {
        let raw = UnsafeRawPointer(base)
        var index = index + prefix.utf8CodeUnitCount - 1
        while index < count {
            while index &+ 8 <= count {
                let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let difference = word ^ 0x5F5F_5F5F_5F5F_5F5F
                let found = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
                if found != 0 {
                    index &+= found.trailingZeroBitCount >> 3
                    break
                }
                index &+= 8
            }
            guard index < count else { break }
            if base[index] == UInt8(ascii: "_"), base[index - 1] == UInt8(ascii: "w"),
                base[index - 2] == UInt8(ascii: "g"), base[index - 3] == UInt8(ascii: "h")
            {
                return index - 3
            }
            index &+= 1
        }
        return count
    }

    /// The tokens in bytes that are no JSON.
    static func edits(in bytes: UnsafeBufferPointer<UInt8>) -> BodyEdits {
        var edits = BodyEdits()
        guard let base = bytes.baseAddress else { return edits }
        var index = 0
        while true {
            index = nextMarker(base, count: bytes.count, from: index)
            guard index < bytes.count else { return edits }
            if let end = matchPlain(base, at: index, end: bytes.count) {
                edits.maskToken(index..<end)
                index = end
            } else {
                index += 1
            }
        }
    }

    private static func matchPlain(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> Int? {
        let body = index + prefix.utf8CodeUnitCount
        var tokenEnd = body
        while tokenEnd < end, Base64URL.isMember(base[tokenEnd]) { tokenEnd += 1 }
        return tokenEnd - body >= length ? tokenEnd : nil
    }
}
