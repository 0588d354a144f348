/// JSON as it goes over the wire: members keep their order, numbers their digits.
package indirect enum WireJSON: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: WireJSON

        package init(_ name: String, _ value: WireJSON) {
            self.name = name
            self.value = value
        }
    }

    case null
    case flag(Bool)
    case number(String)
    case text(String)
    case list([WireJSON])
    case object([Member])

    /// An object whose members are given in order; those whose value is nil are left out, as `undefined` is.
    static func record(_ members: KeyValuePairs<String, WireJSON?>) -> WireJSON {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    static func texts(_ texts: [String]) -> WireJSON { .list(texts.map { .text($0) }) }

    static func text(orNull text: String?) -> WireJSON { text.map { .text($0) } ?? .null }

    static func count(_ count: Int) -> WireJSON { .number("\(count)") }

    /// A member of an object; the last one where it stands twice.
    package subscript(_ name: String) -> WireJSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    package var items: [WireJSON]? {
        guard case .list(let items) = self else { return nil }
        return items
    }

    package var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    package var flag: Bool? {
        guard case .flag(let flag) = self else { return nil }
        return flag
    }

    /// The same object with a member set: in its old place, or at the end.
    func setting(_ name: String, to value: WireJSON) -> WireJSON {
        guard case .object(var members) = self else { return self }
        if let place = members.firstIndex(where: { $0.name == name }) {
            members[place] = Member(name, value)
        } else {
            members.append(Member(name, value))
        }
        return .object(members)
    }
}

extension WireJSON {
    package var encoded: [UInt8] {
        var output = ""
        write(to: &output)
        return Array(output.utf8)
    }

    private func write(to output: inout String) {
        switch self {
        case .null: output += "null"
        case .flag(let flag): output += flag ? "true" : "false"
        case .number(let digits): output += digits
        case .text(let text): Self.write(text, to: &output)
        case .list(let items):
            output += "["
            for (index, item) in items.enumerated() {
                if index > 0 { output += "," }
                item.write(to: &output)
            }
            output += "]"
        case .object(let members):
            output += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { output += "," }
                Self.write(member.name, to: &output)
                output += ":"
                member.value.write(to: &output)
            }
            output += "}"
        }
    }

    private static func write(_ text: String, to output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
