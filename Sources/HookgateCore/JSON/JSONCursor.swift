/// A position in a JSON text, and the steps over one token each.
///
/// Everything stays behind the `index < count` checks written here: the pointer is not bounds-checked in release.
/// The frequent steps are inlined into the walk and the rare ones take and return plain numbers, so that the cursor
/// lives in registers: that is what makes a byte cost about a nanosecond or less.
struct JSONCursor {
    let base: UnsafePointer<UInt8>
    let count: Int
    var index = 0

    init(base: UnsafePointer<UInt8>, count: Int) {
        self.base = base
        self.count = count
    }

    /// The next byte; zero, which no JSON text may hold outside a string, at the end.
    @inline(__always)
    var current: UInt8 {
        index < count ? base[index] : 0
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while index < count {
            switch base[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index &+= 1
            default: return
            }
        }
    }

    /// Steps over a string; the cursor stands on its opening quote.
    @inline(__always)
    mutating func string() throws(BodyError) -> JSONString {
        index &+= 1
        let start = index
        var hasEscapes = false
        while true {
            skipPlainBytes()
            guard index < count else { throw .syntax(offset: count) }
            let byte = base[index]
            if byte == UInt8(ascii: "\"") {
                index &+= 1
                return JSONString(start: start, end: index &- 1, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                index = try Self.endOfEscape(base, count, at: index)
            } else if byte >= 0x80 {
                index = try Self.endOfMultibyte(base, count, at: index)
            } else {
                throw .syntax(offset: index)
            }
        }
    }

    /// Moves to the first byte that a string must look at: a quote, a backslash, a control character or the
    /// start of a longer UTF-8 sequence. Eight bytes at a time, with the classic test for a zero byte in a word.
    @inline(__always)
    mutating func skipPlainBytes() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawPointer(base)
        while index &+ 8 <= count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quote = word ^ 0x2222_2222_2222_2222
            let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
            // Only the lowest flag is exact (a borrow may raise false ones above it), and only the lowest is used.
            let found =
                (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
                    | ((word &- 0x2020_2020_2020_2020) & ~word) | word) & highs
            if found != 0 {
                index &+= found.trailingZeroBitCount >> 3
                return
            }
            index &+= 8
        }
        while index < count {
            let byte = base[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            index &+= 1
        }
    }

    /// Where the escape at `index` ends.
    @inline(never)
    private static func endOfEscape(
        _ base: UnsafePointer<UInt8>, _ count: Int, at index: Int
    ) throws(BodyError) -> Int {
        guard index + 1 < count else { throw .syntax(offset: count) }
        switch base[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index + 2
        case UInt8(ascii: "u"):
            for digit in index + 2..<index + 6 {
                guard digit < count, JSONEscape.hexValue(base[digit]) != nil else { throw .syntax(offset: digit) }
            }
            return index + 6
        default:
            throw .syntax(offset: index + 1)
        }
    }

    /// Where the UTF-8 sequence of two to four bytes at `index` ends.
    @inline(never)
    private static func endOfMultibyte(
        _ base: UnsafePointer<UInt8>, _ count: Int, at index: Int
    ) throws(BodyError) -> Int {
        let (length, second) = UTF8Sequence.shape(of: base[index])
        guard length > 0, index + length <= count, second.contains(base[index + 1]),
            length < 3 || base[index + 2] & 0xC0 == 0x80,
            length < 4 || base[index + 3] & 0xC0 == 0x80
        else { throw .notUTF8(offset: index) }
        return index + length
    }

    /// Steps over a number; the cursor stands on its minus or first digit.
    @inline(__always)
    mutating func number() throws(BodyError) -> Range<Int> {
        let start = index
        if current == UInt8(ascii: "-") { index &+= 1 }
        if current == UInt8(ascii: "0") { index &+= 1 } else { try digits() }
        if current == UInt8(ascii: ".") {
            index &+= 1
            try digits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index &+= 1 }
            try digits()
        }
        return Range(uncheckedBounds: (start, index))
    }

    @inline(__always)
    private mutating func digits() throws(BodyError) {
        let start = index
        while index < count, base[index] &- UInt8(ascii: "0") < 10 { index &+= 1 }
        if index == start { throw unexpectedByte() }
    }

    /// Steps over `true`, `false` or `null`; the cursor stands on its first letter.
    @inline(__always)
    mutating func literal(_ word: StaticString) throws(BodyError) -> Range<Int> {
        let start = index
        for offset in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[offset] else { throw unexpectedByte() }
            index &+= 1
        }
        return Range(uncheckedBounds: (start, index))
    }

    /// Says what is wrong with the byte here: bytes that are no UTF-8 are called so also between the tokens.
    @inline(__always)
    func unexpectedByte() -> BodyError {
        Self.unexpectedByte(base, count, at: index)
    }

    @inline(never)
    private static func unexpectedByte(_ base: UnsafePointer<UInt8>, _ count: Int, at index: Int) -> BodyError {
        guard index < count else { return .syntax(offset: count) }
        guard base[index] >= 0x80 else { return .syntax(offset: index) }
        do {
            _ = try endOfMultibyte(base, count, at: index)
            return .syntax(offset: index)
        } catch {
            return error
        }
    }
}

/// The longer sequences of UTF-8. Only what Unicode's table 3-7 calls well-formed is one: no overlong forms, no
/// surrogates, nothing above U+10FFFF.
enum UTF8Sequence {
    /// The length of the sequence that a byte begins, and what may come second; a length of 0 when it begins none.
    @inline(__always)
    static func shape(of first: UInt8) -> (length: Int, second: ClosedRange<UInt8>) {
        switch first {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: (0, 0x80...0xBF)
        }
    }
}
