package import FoundationEssentials

/// A value that can stand for `$1`, `$2`, … in a statement.
package protocol PostgresEncodable: Sendable {
    /// The value as it travels to the server.
    var postgresParameter: PostgresParameter { get }
}

/// One parameter as it travels: NULL, text whose type the server infers, or binary with the type said.
package enum PostgresParameter: Sendable, Equatable {
    case null
    case text(String)
    case binary([UInt8], type: UInt32)
}

/// The type numbers we name ourselves; they are fixed in PostgreSQL's catalogue.
enum PostgresTypeNumber {
    static let bytea: UInt32 = 17
    static let byteaArray: UInt32 = 1001
    static let uuid: UInt32 = 2950
    static let uuidArray: UInt32 = 2951
}

/// Text for a `jsonb` or `json` parameter, passed through as it is.
package struct PostgresJSON: Sendable, Equatable {
    package let text: String

    package init(text: String) {
        self.text = text
    }
}

extension String: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(self) }
}

extension Int: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

extension Int32: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

extension Int64: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

/// PostgreSQL has no unsigned type: say `$1::numeric` or `$1::text::xid8` in the statement.
extension UInt64: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

extension Bool: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(self ? "t" : "f") }
}

extension Double: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text("\(self)") }
}

extension UUID: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(uuidString) }
}

/// A `timestamptz`, to the microsecond.
extension Date: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(PostgresTimestamp.text(of: self)) }
}

extension PostgresJSON: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(text) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package var postgresParameter: PostgresParameter { self?.postgresParameter ?? .null }
}
