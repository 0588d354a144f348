/// JSON to be written. Members keep their order, and what came from a server goes back as it came.
indirect enum JSONTree {
    case text(String)
    case flag(Bool)
    /// A value that is JSON text already.
    case raw(String)
    case list([JSONTree])
    case object([(name: String, value: JSONTree)])

    var encoded: [UInt8] {
        var output = ""
        write(to: &output)
        return Array(output.utf8)
    }

    private func write(to output: inout String) {
        switch self {
        case .text(let text): Self.write(text, to: &output)
        case .flag(let flag): output += flag ? "true" : "false"
        case .raw(let json): output += json
        case .list(let values):
            output += "["
            for (index, value) in values.enumerated() {
                if index > 0 { output += "," }
                value.write(to: &output)
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
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }

    /// A string as JSON text.
    static func json(_ text: String) -> String {
        String(decoding: JSONTree.text(text).encoded, as: UTF8.self)
    }
}
