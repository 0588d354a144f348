/// The top-level members of a `config` column, each value as the JSON text PostgreSQL prints for `jsonb`.
///
/// Values are never decoded: a key that hookgate does not understand survives exactly, large numbers included,
/// and two values are equal when PostgreSQL says so, since `jsonb` prints equal values alike.
package struct ConfigMembers: Sendable {
    package struct Member: Sendable {
        package let key: String
        package let value: String
    }

    /// In the order of the keys' bytes.
    package private(set) var members: [Member]

    package init(_ members: [Member] = []) {
        self.members = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// Pairs up the two arrays that a query returns for one column.
    package init(keys: [String], values: [String]) {
        self.init(zip(keys, values).map { Member(key: $0, value: $1) })
    }

    /// The JSON text of a member.
    package subscript(key: String) -> String? {
        members.first { $0.key.isSameText(as: key) }?.value
    }

    /// Whether a member is there and says something: `null` says nothing.
    package func hasValue(for key: String) -> Bool {
        self[key].map { $0 != "null" } ?? false
    }

    package mutating func set(_ key: String, to value: String) {
        let member = Member(key: key, value: value)
        if let place = members.firstIndex(where: { $0.key.isSameText(as: key) }) {
            members[place] = member
        } else {
            let place = members.firstIndex { key.utf8.lexicographicallyPrecedes($0.key.utf8) }
            members.insert(member, at: place ?? members.endIndex)
        }
    }

    package mutating func set(_ key: String, toString text: String) {
        set(key, to: Self.quoted(text))
    }

    /// Takes over the members of another config that are missing here.
    package mutating func fillGaps(from other: ConfigMembers) {
        for member in other.members where !hasValue(for: member.key) {
            set(member.key, to: member.value)
        }
    }

    /// The whole object as JSON.
    package var text: String {
        "{" + members.map { "\(Self.quoted($0.key)): \($0.value)" }.joined(separator: ", ") + "}"
    }

    /// A JSON string literal, escaped as PostgreSQL escapes it, so that it can be compared with what comes back.
    package static func quoted(_ text: String) -> String {
        var bytes = text
        let isPlain = bytes.withUTF8 { bytes in
            !bytes.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        }
        if isPlain { return "\"" + text + "\"" }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension ConfigMembers: Equatable {
    package static func == (left: ConfigMembers, right: ConfigMembers) -> Bool {
        left.members.count == right.members.count
            && zip(left.members, right.members).allSatisfy {
                $0.key.isSameText(as: $1.key) && $0.value.isSameText(as: $1.value)
            }
    }
}

extension String {
    /// Equality of bytes, as PostgreSQL has it; `==` would hold two spellings of one character equal.
    package func isSameText(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        var (left, right) = (self, other)
        return left.withUTF8 { left in right.withUTF8 { right in left.elementsEqual(right) } }
    }
}
