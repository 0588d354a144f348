/// Where the content of a JSON string lies in its text, between the quotes, still escaped.
struct JSONString {
    let start: Int
    let end: Int
    let hasEscapes: Bool

    @inline(__always)
    var isEmpty: Bool { start == end }

    /// The content unescaped, when that takes at most so many bytes; the start of it, cut between two
    /// characters, when it takes more. A lone surrogate becomes U+FFFD, as when JavaScript encodes it.
    func unescaped(in base: UnsafePointer<UInt8>, limit: Int) -> (text: String, isWhole: Bool) {
        if !hasEscapes, end - start <= limit {
            let content = UnsafeBufferPointer(start: base + start, count: end - start)
            return (String(decoding: content, as: UTF8.self), true)
        }
        var bytes: [UInt8] = []
        var index = start
        while index < end {
            let scalarStart = bytes.count
            if base[index] == UInt8(ascii: "\\") {
                let (scalar, next) = JSONEscape.decode(base, at: index, end: end)
                bytes.append(contentsOf: Character(scalar).utf8)
                index = next
            } else {
                repeat {
                    bytes.append(base[index])
                    index += 1
                } while index < end && base[index] & 0xC0 == 0x80
            }
            if bytes.count > limit {
                bytes.removeSubrange(scalarStart...)
                return (String(decoding: bytes, as: UTF8.self), false)
            }
        }
        return (String(decoding: bytes, as: UTF8.self), true)
    }

    /// Whether the content, unescaped, is this ASCII name.
    @inline(__always)
    func equals(_ name: StaticString, in base: UnsafePointer<UInt8>) -> Bool {
        if hasEscapes { return equalsUnescaped(name, in: base, foldingCase: false) }
        guard end &- start == name.utf8CodeUnitCount else { return false }
        for offset in 0..<name.utf8CodeUnitCount where base[start &+ offset] != name.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Whether the content, unescaped and in lower case, is this lower-case ASCII name.
    @inline(__always)
    func equalsIgnoringCase(_ name: StaticString, in base: UnsafePointer<UInt8>) -> Bool {
        guard hasEscapes || end &- start == name.utf8CodeUnitCount else { return false }
        return equalsUnescaped(name, in: base, foldingCase: true)
    }

    @inline(never)
    private func equalsUnescaped(_ name: StaticString, in base: UnsafePointer<UInt8>, foldingCase: Bool) -> Bool {
        var index = start
        var matched = 0
        while index < end {
            guard matched < name.utf8CodeUnitCount else { return false }
            let (byte, next) = JSONEscape.asciiUnit(base, at: index, end: end)
            let folded = foldingCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            guard folded == name.utf8Start[matched] else { return false }
            matched += 1
            index = next
        }
        return matched == name.utf8CodeUnitCount
    }
}

/// The escapes of JSON strings that were already found well-formed.
enum JSONEscape {
    /// The character of the escape at `index`, where its backslash stands, and where the text goes on.
    static func decode(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> (scalar: Unicode.Scalar, next: Int) {
        switch base[index + 1] {
        case UInt8(ascii: "b"): return ("\u{08}", index + 2)
        case UInt8(ascii: "f"): return ("\u{0C}", index + 2)
        case UInt8(ascii: "n"): return ("\n", index + 2)
        case UInt8(ascii: "r"): return ("\r", index + 2)
        case UInt8(ascii: "t"): return ("\t", index + 2)
        case UInt8(ascii: "u"): break
        case let other: return (Unicode.Scalar(other), index + 2)
        }
        let unit = codeUnit(base, at: index)
        if let scalar = Unicode.Scalar(unit) { return (scalar, index + 6) }
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard UTF16.isLeadSurrogate(unit), index + 12 <= end,
            base[index + 6] == UInt8(ascii: "\\"), base[index + 7] == UInt8(ascii: "u")
        else { return (replacement, index + 6) }
        let trail = codeUnit(base, at: index + 6)
        guard UTF16.isTrailSurrogate(trail) else { return (replacement, index + 6) }
        let value = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(trail & 0x3FF))
        return (Unicode.Scalar(value) ?? replacement, index + 12)
    }

    /// The character at `index` when it is ASCII, escaped or not; zero for any other, and where the next begins.
    @inline(__always)
    static func asciiUnit(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> (byte: UInt8, next: Int) {
        let byte = base[index]
        guard byte == UInt8(ascii: "\\") else { return (byte < 0x80 ? byte : 0, index + 1) }
        let (scalar, next) = decode(base, at: index, end: end)
        return (scalar.isASCII ? UInt8(truncatingIfNeeded: scalar.value) : 0, next)
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The four digits after `\u`.
    private static func codeUnit(_ base: UnsafePointer<UInt8>, at index: Int) -> UInt16 {
        (2..<6).reduce(0) { $0 << 4 | UInt16(hexValue(base[index + $1]) ?? 0) }
    }
}
