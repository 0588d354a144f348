/// A JSON text with its parts found, each of which is read only when it is asked for.
///
/// For the way behind the spool: it costs 16 bytes for each value and key, which a webhook's own way does not spend.
/// What nobody asks for is never copied, so a body with a video in it is no more work than one without.
package final class JSONDocument: Sendable {
    /// How many values and keys a text may have, unless said otherwise: 64 MiB of memory. A body of a few megabytes
    /// that is nothing but `[0,0,0,…` has more, and no message looks like that.
    package static let largestPartCount = 4_000_000

    let bytes: [UInt8]
    let parts: [JSONPart]

    /// Reads a text. Any JSON value is one.
    package init(_ bytes: [UInt8], partLimit: Int = largestPartCount) throws(JSONDocumentError) {
        guard bytes.count < Int(UInt32.max) else { throw .tooManyParts(limit: partLimit) }
        var visitor = JSONPartVisitor(limit: partLimit)
        do {
            _ = try bytes.withUnsafeBufferPointer { (buffer) throws(BodyError) in
                try JSONWalk.run(buffer, &visitor)
            }
        } catch {
            throw .malformed(error)
        }
        guard !visitor.isFull, !visitor.parts.isEmpty else { throw .tooManyParts(limit: partLimit) }
        self.bytes = bytes
        self.parts = visitor.parts
    }

    /// The outermost value.
    package var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// Why bytes are not read as a ``JSONDocument``.
package enum JSONDocumentError: Error, Equatable {
    case malformed(BodyError)
    case tooManyParts(limit: Int)
}

extension JSONDocumentError: CustomStringConvertible {
    /// Says what is wrong and where; holds nothing of the body.
    package var description: String {
        switch self {
        case .malformed(let error): error.description
        case .tooManyParts(let limit): "the body has more than \(limit) values and keys, too many to be read in parts"
        }
    }
}

/// A value or a key of a ``JSONDocument``: where it lies, and where the one after it stands in the list.
struct JSONPart: Sendable {
    enum Kind: UInt8, Sendable {
        case object, array, string, escapedString, number, literal
    }

    /// Between the quotes, for strings.
    var start: UInt32
    var end: UInt32
    /// The part after this one and all that is inside it.
    var next: UInt32
    var kind: Kind
}

/// Lists the parts in the text's order; a key stands before its value.
private struct JSONPartVisitor: JSONVisitor {
    let limit: Int
    private(set) var parts: [JSONPart] = []
    private(set) var isFull = false
    private var openParts: [Int] = []

    init(limit: Int) {
        self.limit = limit
    }

    mutating func member(_ key: JSONString, depth: Int) { add(key) }
    mutating func string(_ value: JSONString, depth: Int) { add(value) }
    mutating func number(_ range: Range<Int>, depth: Int) { add(.number, range) }
    mutating func literal(_ range: Range<Int>, depth: Int) { add(.literal, range) }
    mutating func comma(at index: Int, depth: Int) {}

    mutating func open(_ container: JSONContainer, at index: Int, depth: Int) {
        openParts.append(parts.count)
        add(container == .object ? .object : .array, index..<index + 1)
    }

    mutating func close(at index: Int, depth: Int) {
        guard let first = openParts.popLast(), !isFull else { return }
        parts[first].end = UInt32(truncatingIfNeeded: index + 1)
        parts[first].next = UInt32(truncatingIfNeeded: parts.count)
    }

    private mutating func add(_ string: JSONString) {
        add(string.hasEscapes ? .escapedString : .string, string.start..<string.end)
    }

    private mutating func add(_ kind: JSONPart.Kind, _ range: Range<Int>) {
        guard parts.count < limit else {
            isFull = true
            return
        }
        parts.append(
            JSONPart(
                start: UInt32(truncatingIfNeeded: range.lowerBound), end: UInt32(truncatingIfNeeded: range.upperBound),
                next: UInt32(truncatingIfNeeded: parts.count + 1), kind: kind))
    }
}
