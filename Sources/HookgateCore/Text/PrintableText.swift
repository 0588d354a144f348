extension String {
    /// The text with every character escaped that could steer a terminal or begin a line of its own: control
    /// characters, and the marks that turn the direction of writing. Whoever posts a webhook or fills in a form chooses
    /// such texts.
    package var printable: String {
        guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
        return escapingScalars { $0.steersTerminal }
    }

    /// The same for a text of several lines of ours: line breaks and tabs stay.
    package var printableLines: String {
        guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
        return escapingScalars { $0.steersTerminal && $0 != "\n" && $0 != "\t" }
    }

    private func escapingScalars(_ isEscaped: (Unicode.Scalar) -> Bool) -> String {
        unicodeScalars.reduce(into: "") { result, scalar in
            if isEscaped(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var steersTerminal: Bool {
        switch value {
        case 0x00..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
