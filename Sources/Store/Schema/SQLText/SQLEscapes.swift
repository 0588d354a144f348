/// The escapes inside `E''` and `U&''`, read so that a key word cannot hide behind them.
enum SQLEscapes {
    /// `\n`, `\047`, `\x27`, `\u0027`, `\U00000027`; any other character after a backslash stands for itself.
    static func backslashes(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let mark = rest.popFirst() else {
                result.append(byte)
                continue
            }
            switch mark {
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"):
                result.append(UInt8(ascii: " "))
            case UInt8(ascii: "x"): result += self.code(&rest, digits: 2, radix: 16) ?? [mark]
            case UInt8(ascii: "u"): result += self.code(&rest, digits: 4, radix: 16) ?? [mark]
            case UInt8(ascii: "U"): result += self.code(&rest, digits: 8, radix: 16) ?? [mark]
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                rest = bytes[(rest.startIndex - 1)...]
                result += self.code(&rest, digits: 3, radix: 8) ?? [mark]
            default: result.append(mark)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `\0027` and `\+000027`; a doubled backslash stands for one.
    static func unicode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "\\") {
                rest.removeFirst()
                result.append(byte)
            } else if rest.first == UInt8(ascii: "+") {
                rest.removeFirst()
                result += self.code(&rest, digits: 6, radix: 16) ?? []
            } else {
                result += self.code(&rest, digits: 4, radix: 16) ?? []
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Up to so many digits, as the UTF-8 of the character they number.
    private static func code(_ rest: inout ArraySlice<UInt8>, digits: Int, radix: Int) -> [UInt8]? {
        let taken = rest.prefix(digits).prefix {
            Character(Unicode.Scalar($0)).hexDigitValue.map { $0 < radix } ?? false
        }
        guard let value = UInt32(String(decoding: taken, as: UTF8.self), radix: radix) else { return nil }
        rest.removeFirst(taken.count)
        return Unicode.Scalar(value).map { Array(String(Character($0)).utf8) }
    }
}
