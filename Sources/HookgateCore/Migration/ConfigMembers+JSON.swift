extension ConfigMembers {
    /// Takes apart the text of an object as PostgreSQL prints `jsonb`; nil for any other text.
    ///
    /// Done here and not by `jsonb_each` in the query, which costs the server many times as much.
    package init?(jsonText: String) {
        var text = jsonText
        let members = text.withUTF8 { bytes -> [Member]? in
            guard let base = bytes.baseAddress else { return nil }
            var scanner = ObjectScanner(cursor: JSONCursor(base: base, count: bytes.count))
            return try? scanner.members()
        }
        guard let members else { return nil }
        self.init(members)
    }
}

extension ConfigMembers.Member {
    /// The text that the value is, where it is a JSON string.
    package var string: String? {
        var value = value
        return value.withUTF8 { bytes in
            guard let base = bytes.baseAddress, bytes.first == UInt8(ascii: "\"") else { return nil }
            var cursor = JSONCursor(base: base, count: bytes.count)
            guard let string = try? cursor.string() else { return nil }
            return string.unescaped(in: base, limit: .max).text
        }
    }
}

/// Walks over the outermost members of an object and takes their values as they stand.
private struct ObjectScanner {
    var cursor: JSONCursor

    mutating func members() throws(BodyError) -> [ConfigMembers.Member] {
        cursor.skipWhitespace()
        guard cursor.current == UInt8(ascii: "{") else { throw cursor.unexpectedByte() }
        cursor.index += 1
        var members: [ConfigMembers.Member] = []
        while true {
            cursor.skipWhitespace()
            switch cursor.current {
            case UInt8(ascii: "}"): return members
            case UInt8(ascii: ","): cursor.index += 1
            case UInt8(ascii: "\""): members.append(try member())
            default: throw cursor.unexpectedByte()
            }
        }
    }

    private mutating func member() throws(BodyError) -> ConfigMembers.Member {
        let key = try cursor.string().unescaped(in: cursor.base, limit: .max).text
        cursor.skipWhitespace()
        guard cursor.current == UInt8(ascii: ":") else { throw cursor.unexpectedByte() }
        cursor.index += 1
        cursor.skipWhitespace()
        let start = cursor.index
        try skipValue()
        let value = UnsafeBufferPointer(start: cursor.base + start, count: cursor.index - start)
        return ConfigMembers.Member(key: key, value: String(decoding: value, as: UTF8.self))
    }

    /// Ends behind the value, whatever is nested in it.
    private mutating func skipValue() throws(BodyError) {
        var depth = 0
        repeat {
            switch cursor.current {
            case UInt8(ascii: "\""):
                _ = try cursor.string()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case 0: throw cursor.unexpectedByte()
            default: break
            }
            cursor.index += 1
        } while depth > 0 || isInsideScalar
    }

    /// Numbers and words have no closing mark: they end where something else begins.
    private var isInsideScalar: Bool {
        switch cursor.current {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: " "), 0: false
        default: true
        }
    }
}
