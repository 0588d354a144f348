/// `a=1&b=two+words`: a query or a posted form, in the order in which it came.
struct FormFields: Sendable, Equatable {
    /// More than any form of ours has; what is longer is refused as a whole.
    static let most = 1_000

    let pairs: [(name: String, value: String)]

    init?(_ text: Substring) {
        let parts = text.split(separator: "&")
        guard parts.count <= Self.most else { return nil }
        var pairs: [(String, String)] = []
        for part in parts {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentText.decoded(sides[0], plusIsSpace: true),
                let value = PercentText.decoded(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The first value of a field, without the space around it; nil when it is absent or empty.
    subscript(_ name: String) -> String? {
        guard let value = self.pairs.first(where: { $0.name == name })?.value else { return nil }
        let trimmed = value.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        return trimmed.isEmpty ? nil : String(trimmed)
    }

    func all(_ name: String) -> [String] { self.pairs.filter { $0.name == name }.map(\.value) }

    static func == (left: FormFields, right: FormFields) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0 == $1 }
    }
}

/// Percent encoding (RFC 3986), and the plus sign of forms.
enum PercentText {
    /// Nil where a percent sign is followed by no two digits, or the bytes are no UTF-8, or hold a NUL, which no
    /// database stores.
    static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let value = Self.byte(rest.prefix(2)) else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// For a path's segment or a query's value.
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func byte(_ pair: Substring.UTF8View.SubSequence) -> UInt8? {
        guard pair.allSatisfy({ Self.isDigit($0) }) else { return nil }
        return UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
    }
}
