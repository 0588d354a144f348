package import FoundationEssentials

/// A value that a column can be read as.
package protocol PostgresDecodable: Sendable {
    init(postgresCell cell: PostgresCell?) throws(PostgresCellError)
}

/// Why a cell could not be read; the row adds which column and which row it was.
package enum PostgresCellError: Error, Equatable {
    case isNull
    case isNot(String)
}

/// The text the server sent for one value that is not NULL.
package struct PostgresCell: Sendable {
    package let bytes: ArraySlice<UInt8>

    package init(bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A value with its own text form that NULL is not one of.
package protocol PostgresTextDecodable: PostgresDecodable {
    /// What the text should have been, for the error.
    static var expectation: String { get }
    init?(cell: PostgresCell)
}

extension PostgresTextDecodable {
    package init(postgresCell cell: PostgresCell?) throws(PostgresCellError) {
        guard let cell else { throw .isNull }
        guard let value = Self(cell: cell) else { throw .isNot(Self.expectation) }
        self = value
    }
}

extension String: PostgresTextDecodable {
    package static var expectation: String { "text" }
    package init?(cell: PostgresCell) { self = cell.text }
}

extension Int: PostgresTextDecodable {
    package static var expectation: String { "a whole number" }
    package init?(cell: PostgresCell) { self.init(cell.text) }
}

extension Int32: PostgresTextDecodable {
    package static var expectation: String { "a whole number of 32 bits" }
    package init?(cell: PostgresCell) { self.init(cell.text) }
}

extension Int64: PostgresTextDecodable {
    package static var expectation: String { "a whole number of 64 bits" }
    package init?(cell: PostgresCell) { self.init(cell.text) }
}

extension UInt64: PostgresTextDecodable {
    package static var expectation: String { "a whole number from 0 of 64 bits" }
    package init?(cell: PostgresCell) { self.init(cell.text) }
}

extension Double: PostgresTextDecodable {
    package static var expectation: String { "a number" }
    package init?(cell: PostgresCell) { self.init(cell.text) }
}

extension Bool: PostgresTextDecodable {
    package static var expectation: String { "a truth value" }
    package init?(cell: PostgresCell) {
        switch cell.text {
        case "t": self = true
        case "f": self = false
        default: return nil
        }
    }
}

extension UUID: PostgresTextDecodable {
    package static var expectation: String { "a uuid" }
    package init?(cell: PostgresCell) { self.init(uuidString: cell.text) }
}

extension Date: PostgresTextDecodable {
    package static var expectation: String { "a point in time" }
    package init?(cell: PostgresCell) {
        guard let date = PostgresTimestamp.date(from: cell.bytes) else { return nil }
        self = date
    }
}

extension PostgresJSON: PostgresTextDecodable {
    package static var expectation: String { "json" }
    package init?(cell: PostgresCell) { self.init(text: cell.text) }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(postgresCell cell: PostgresCell?) throws(PostgresCellError) {
        guard let cell else {
            self = nil
            return
        }
        self = try Wrapped(postgresCell: cell)
    }
}
