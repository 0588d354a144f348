import FoundationEssentials
import Logging

/// One log event as a line. Pure. Whatever a value holds, the line stays one line.
struct LogLine {
    let date: Date
    let label: String
    let level: Logger.Level
    let message: String
    /// Sorted by name, so that equal events make equal lines.
    let metadata: [(name: String, value: String)]

    func rendered(as format: LogFormat) -> String {
        switch format {
        case .text: text
        case .json: json
        }
    }

    private var text: String {
        let word = level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - word.count))
        let facts = metadata.map { " \($0.name)=\(Self.quotedIfNeeded($0.value))" }.joined()
        return "\(timestamp) \(word)\(padding) [\(label)] \(Self.escaped(message))\(facts)"
    }

    private var json: String {
        let facts = metadata.map { "\(Self.jsonString($0.name)):\(Self.jsonString($0.value))" }.joined(separator: ",")
        return """
            {"time":"\(timestamp)","level":"\(level.rawValue)","logger":\(Self.jsonString(label)),\
            "message":\(Self.jsonString(message)),"metadata":{\(facts)}}
            """
    }

    private var timestamp: String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let needsQuotes = value.isEmpty || value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return needsQuotes ? jsonString(value) : escaped(value)
    }

    /// Control characters would let a sender forge lines or drive a terminal.
    private static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(jsonString(text).dropFirst().dropLast())
    }

    private static func jsonString(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// C0, delete, C1, and the two separators that some readers take for line ends.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }
}
