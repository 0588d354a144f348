/// Why a text is no JSON, in the words of Node's parser, which Evolution hands on.
package struct WireJSONError: Error, Equatable {
    package let message: String
}

/// Reads JSON without depending on anything that the product reads it with.
package struct WireJSONReader {
    private static let deepest = 512

    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static func read(_ bytes: [UInt8]) throws(WireJSONError) -> WireJSON {
        var reader = WireJSONReader(bytes)
        let value = try reader.value()
        reader.skipSpace()
        guard reader.at == bytes.count else {
            throw WireJSONError(message: "Unexpected non-whitespace character after JSON at position \(reader.at)")
        }
        return value
    }

    private mutating func value() throws(WireJSONError) -> WireJSON {
        skipSpace()
        guard let byte = peek else { throw WireJSONError(message: "Unexpected end of JSON input") }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw WireJSONError(message: "Maximum call stack size exceeded") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try list()
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try literal("true", .flag(true))
        case UInt8(ascii: "f"): return try literal("false", .flag(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: throw unexpected()
        }
    }

    private mutating func object() throws(WireJSONError) -> WireJSON {
        at += 1
        var members: [WireJSON.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else {
                throw WireJSONError(
                    message: members.isEmpty
                        ? "Expected property name or '}' in JSON at position \(at)"
                        : "Expected double-quoted property name in JSON at position \(at)")
            }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else {
                throw WireJSONError(message: "Expected ':' after property name in JSON at position \(at)")
            }
            members.append(WireJSON.Member(name, try value()))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else {
                throw WireJSONError(message: "Expected ',' or '}' after property value in JSON at position \(at)")
            }
        }
    }

    private mutating func list() throws(WireJSONError) -> WireJSON {
        at += 1
        var items: [WireJSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .list([]) }
        while true {
            items.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return .list(items) }
            guard take(UInt8(ascii: ",")) else {
                throw WireJSONError(message: "Expected ',' or ']' after array element in JSON at position \(at)")
            }
        }
    }

    private mutating func string() throws(WireJSONError) -> String {
        at += 1
        var units: [UInt16] = []
        var start = at
        var text = ""
        func flush(_ end: Int) {
            text += String(decoding: units, as: UTF16.self) + String(decoding: bytes[start..<end], as: UTF8.self)
            units = []
        }
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                flush(at)
                at += 1
                return text
            case UInt8(ascii: "\\"):
                if start < at { flush(at) }
                units.append(try escape())
                start = at
            case 0..<0x20:
                throw WireJSONError(message: "Bad control character in string literal in JSON at position \(at)")
            default:
                if start == at, !units.isEmpty { flush(at) }
                at += 1
            }
        }
        throw WireJSONError(message: "Unterminated string in JSON at position \(at)")
    }

    private mutating func escape() throws(WireJSONError) -> UInt16 {
        let bad = WireJSONError(message: "Bad escaped character in JSON at position \(at + 1)")
        at += 1
        guard let byte = peek else { throw bad }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(byte)
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "f"): return 12
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "u"):
            guard at + 4 <= bytes.count,
                let unit = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else { throw bad }
            at += 4
            return unit
        default: throw bad
        }
    }

    private mutating func number() -> WireJSON {
        let start = at
        while let byte = peek, "+-.eE0123456789".utf8.contains(byte) { at += 1 }
        return .number(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func literal(_ text: StaticString, _ value: WireJSON) throws(WireJSONError) -> WireJSON {
        for offset in 0..<text.utf8CodeUnitCount {
            guard peek == text.utf8Start[offset] else { throw unexpected() }
            at += 1
        }
        return value
    }

    private func unexpected() -> WireJSONError {
        guard at < bytes.count else { return WireJSONError(message: "Unexpected end of JSON input") }
        let character = String(decoding: [bytes[at]], as: UTF8.self)
        return WireJSONError(message: "Unexpected token '\(character)' in JSON at position \(at)")
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
    }
}
