package import FoundationEssentials

/// A value that arrays of can be a parameter. It decides for the whole array, because `[UInt8]` is one `bytea` and
/// not an array of numbers.
package protocol PostgresArrayElement: PostgresEncodable {
    static func postgresParameter(forArray elements: [Self]) -> PostgresParameter
}

extension PostgresArrayElement {
    package static func postgresParameter(forArray elements: [Self]) -> PostgresParameter {
        PostgresArrayParameter.parameter(of: elements.map(\.postgresParameter))
    }
}

extension String: PostgresArrayElement {}
extension Int: PostgresArrayElement {}
extension Int32: PostgresArrayElement {}
extension Int64: PostgresArrayElement {}
extension Bool: PostgresArrayElement {}
extension Double: PostgresArrayElement {}

/// `[UUID]` is a `uuid[]`, sent in binary: its text form costs microseconds for each.
extension UUID: PostgresArrayElement {
    package static func postgresParameter(forArray elements: [UUID]) -> PostgresParameter {
        let bytes = elements.map { id in withUnsafeBytes(of: id.uuid) { Array($0) } }
        return PostgresArrayParameter.binaryArray(
            of: bytes, element: PostgresTypeNumber.uuid, array: PostgresTypeNumber.uuidArray)
    }
}

extension Date: PostgresArrayElement {}
extension PostgresJSON: PostgresArrayElement {}
extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package var postgresParameter: PostgresParameter { Element.postgresParameter(forArray: self) }
}

/// `[UInt8]` is a `bytea`, sent in binary so that a body is neither copied into hex nor doubled in size.
extension UInt8: PostgresArrayElement {
    package var postgresParameter: PostgresParameter { .text(String(self)) }

    package static func postgresParameter(forArray elements: [UInt8]) -> PostgresParameter {
        .binary(elements, type: PostgresTypeNumber.bytea)
    }
}

/// `[[UInt8]]` is a `bytea[]`, also when it is empty.
extension Array: PostgresArrayElement where Element == UInt8 {
    package static func postgresParameter(forArray elements: [[UInt8]]) -> PostgresParameter {
        PostgresArrayParameter.byteaArray(of: elements)
    }
}

/// Puts encoded elements together into one array parameter.
enum PostgresArrayParameter {
    static func parameter(of elements: [PostgresParameter]) -> PostgresParameter {
        var literal: [UInt8] = [UInt8(ascii: "{")]
        for (index, element) in elements.enumerated() {
            if index > 0 { literal.append(UInt8(ascii: ",")) }
            switch element {
            case .null: literal.append(contentsOf: "NULL".utf8)
            case .text(let text): appendQuoted(text, to: &literal)
            case .binary: return byteaArray(of: elements.map(\.bytes))
            }
        }
        literal.append(UInt8(ascii: "}"))
        return .text(String(decoding: literal, as: UTF8.self))
    }

    static func byteaArray(of elements: [[UInt8]?]) -> PostgresParameter {
        binaryArray(of: elements, element: PostgresTypeNumber.bytea, array: PostgresTypeNumber.byteaArray)
    }

    /// The binary array format: dimensions, whether there are NULLs, element type, length, lower bound, elements.
    static func binaryArray(of elements: [[UInt8]?], element: UInt32, array: UInt32) -> PostgresParameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(20) { $0 + ($1?.count ?? 0) + 4 })
        func append(_ value: Int) {
            withUnsafeBytes(of: Int32(value).bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(elements.isEmpty ? 0 : 1)
        append(elements.contains(nil) ? 1 : 0)
        append(Int(element))
        if !elements.isEmpty {
            append(elements.count)
            append(1)
        }
        for value in elements {
            append(value?.count ?? -1)
            bytes.append(contentsOf: value ?? [])
        }
        return .binary(bytes, type: array)
    }

    // Both marks are ASCII, so no byte of a longer character looks like one.
    private static func appendQuoted(_ text: String, to literal: inout [UInt8]) {
        literal.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            guard bytes.contains(where: isMark) else { return literal.append(contentsOf: bytes) }
            for byte in bytes {
                if isMark(byte) { literal.append(UInt8(ascii: "\\")) }
                literal.append(byte)
            }
        }
        literal.append(UInt8(ascii: "\""))
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}

extension PostgresParameter {
    fileprivate var bytes: [UInt8]? {
        switch self {
        case .null: nil
        case .text(let text): Array(text.utf8)
        case .binary(let bytes, _): bytes
        }
    }
}
