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
extension UUID: PostgresArrayElement {}
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
        var literal = "{"
        for (index, element) in elements.enumerated() {
            if index > 0 { literal += "," }
            switch element {
            case .null: literal += "NULL"
            case .text(let text): appendQuoted(text, to: &literal)
            case .binary: return byteaArray(of: elements.map(\.bytes))
            }
        }
        return .text(literal + "}")
    }

    /// The binary array format: dimensions, whether there are NULLs, element type, length, lower bound, elements.
    static func byteaArray(of elements: [[UInt8]?]) -> PostgresParameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(20) { $0 + ($1?.count ?? 0) + 4 })
        func append(_ value: Int) {
            withUnsafeBytes(of: Int32(value).bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(elements.isEmpty ? 0 : 1)
        append(elements.contains(nil) ? 1 : 0)
        append(Int(PostgresTypeNumber.bytea))
        if !elements.isEmpty {
            append(elements.count)
            append(1)
        }
        for element in elements {
            append(element?.count ?? -1)
            bytes.append(contentsOf: element ?? [])
        }
        return .binary(bytes, type: PostgresTypeNumber.byteaArray)
    }

    private static func appendQuoted(_ text: String, to literal: inout String) {
        literal += "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { literal += "\\" }
            literal.unicodeScalars.append(scalar)
        }
        literal += "\""
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
