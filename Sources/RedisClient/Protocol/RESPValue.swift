/// A value as a Redis server sends it (RESP, version 2).
package enum RESPValue: Sendable, Equatable {
    case simple(String)
    /// The whole line, the code first. Never shown to people as it is: a peer may put anything into it.
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case null
    case array([RESPValue])

    /// A string's text; nil for other values, and for bytes that are not UTF-8.
    package var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(validating: bytes, as: UTF8.self)
        case .error, .integer, .null, .array: nil
        }
    }
}
