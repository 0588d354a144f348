/// Proves that a body is one UTF-8 JSON object and finds the members acceptance needs, without decoding it.
///
/// Linear time, one pass, no allocation but for the strings of the answer. Keys are compared unescaped and by case.
/// Where a key stands twice in one object the last one holds, as in JavaScript, which wrote the body.
package enum BodyScanner {
    /// How deep objects and arrays may be nested.
    package static let depthLimit = 512

    /// The longest event, in bytes; a longer one is no event's name and counts as absent.
    package static let longestEvent = 128
    /// The longest instance name, in bytes. A longer one is cut rather than dropped: it must still differ from the
    /// name of the integration, or a body could hide whose it is.
    package static let longestInstance = 512
    /// The longest message id or chat, in bytes; a longer one counts as absent, since two cut ids could be equal.
    package static let longestKey = 512

    /// Scans a body where it lies.
    package static func scan(_ body: Span<UInt8>) throws(BodyError) -> BodyFacts {
        try body.withUnsafeBufferPointer { (bytes) throws(BodyError) in
            var visitor = try BodyFactsVisitor(bytes)
            guard try JSONWalk.run(bytes, &visitor) == .object else { throw .notAnObject }
            return visitor.facts
        }
    }

    /// Scans a body held in an array.
    package static func scan(_ body: [UInt8]) throws(BodyError) -> BodyFacts {
        try scan(body.span)
    }

    /// Proves that bytes are one JSON value of any kind.
    package static func validate(anyValue bytes: Span<UInt8>) throws(BodyError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(BodyError) in
            var visitor = JSONOnlooker()
            _ = try JSONWalk.run(bytes, &visitor)
        }
    }
}
