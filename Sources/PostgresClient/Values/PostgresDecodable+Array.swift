package import FoundationEssentials

/// A value that a whole array column can be read as; `UInt8` reads a `bytea`.
package protocol PostgresArrayDecodable: PostgresDecodable {
    static func postgresArray(from cell: PostgresCell) throws(PostgresCellError) -> [Self]
}

extension PostgresArrayDecodable {
    package static func postgresArray(from cell: PostgresCell) throws(PostgresCellError) -> [Self] {
        guard let elements = PostgresArrayText.elements(of: cell.bytes) else { throw .isNot("a one-dimensional array") }
        var values: [Self] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            values.append(try Self(postgresCell: element))
        }
        return values
    }
}

extension String: PostgresArrayDecodable {}
extension Int: PostgresArrayDecodable {}
extension Int32: PostgresArrayDecodable {}
extension Int64: PostgresArrayDecodable {}
extension Bool: PostgresArrayDecodable {}
extension Double: PostgresArrayDecodable {}
extension UUID: PostgresArrayDecodable {}
extension Date: PostgresArrayDecodable {}
extension Optional: PostgresArrayDecodable where Wrapped: PostgresArrayDecodable {}

extension Array: PostgresDecodable where Element: PostgresArrayDecodable {
    package init(postgresCell cell: PostgresCell?) throws(PostgresCellError) {
        guard let cell else { throw .isNull }
        self = try Element.postgresArray(from: cell)
    }
}

extension Array: PostgresArrayDecodable where Element == UInt8 {}

extension UInt8: PostgresArrayDecodable {
    package init(postgresCell cell: PostgresCell?) throws(PostgresCellError) {
        guard let cell else { throw .isNull }
        guard let value = UInt8(cell.text) else { throw .isNot("a number from 0 to 255") }
        self = value
    }

    package static func postgresArray(from cell: PostgresCell) throws(PostgresCellError) -> [UInt8] {
        guard let bytes = PostgresBytea.bytes(from: cell.bytes) else { throw .isNot("bytea in hex") }
        return bytes
    }
}

/// The text form of `bytea`: `\x` and two digits a byte (the default since PostgreSQL 9.0). The older form is refused,
/// because any text at all could be read as that.
enum PostgresBytea {
    static func bytes(from text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.starts(with: "\\x".utf8), text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        var index = text.startIndex + 2
        while index < text.endIndex {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }
}

/// The text form of an array of one dimension: `{a,"b c",NULL}`.
enum PostgresArrayText {
    static func elements(of text: ArraySlice<UInt8>) -> [PostgresCell?]? {
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count >= 2 else { return nil }
        let inside = text.dropFirst().dropLast()
        var elements: [PostgresCell?] = []
        var index = inside.startIndex
        while index < inside.endIndex {
            guard let (element, next) = element(in: inside, at: index) else { return nil }
            elements.append(element)
            if next == inside.endIndex { return elements }
            guard inside[next] == UInt8(ascii: ","), next + 1 < inside.endIndex else { return nil }
            index = next + 1
        }
        return elements
    }

    private static func element(in text: ArraySlice<UInt8>, at start: Int) -> (PostgresCell?, next: Int)? {
        switch text[start] {
        case UInt8(ascii: "\""): return quoted(in: text, at: start + 1)
        case UInt8(ascii: "{"): return nil  // a second dimension
        default:
            let end = text[start...].firstIndex(of: UInt8(ascii: ",")) ?? text.endIndex
            let bytes = text[start..<end]
            return (bytes.elementsEqual("NULL".utf8) ? nil : PostgresCell(bytes: bytes), end)
        }
    }

    private static func quoted(in text: ArraySlice<UInt8>, at start: Int) -> (PostgresCell?, next: Int)? {
        var bytes: [UInt8] = []
        var index = start
        while index < text.endIndex {
            switch text[index] {
            case UInt8(ascii: "\""): return (PostgresCell(bytes: bytes[...]), index + 1)
            case UInt8(ascii: "\\"):
                index += 1
                guard index < text.endIndex else { return nil }
                bytes.append(text[index])
            default: bytes.append(text[index])
            }
            index += 1
        }
        return nil
    }
}
