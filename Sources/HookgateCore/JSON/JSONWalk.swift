/// What a walk over a JSON text meets, in the text's order. `depth` is that of the object or array a thing stands
/// in, or for ``open(_:at:depth:)`` and ``close(at:depth:)`` that of the container itself; the outermost is 1.
protocol JSONVisitor {
    mutating func member(_ key: JSONString, depth: Int)
    mutating func string(_ value: JSONString, depth: Int)
    mutating func number(_ range: Range<Int>, depth: Int)
    mutating func literal(_ range: Range<Int>, depth: Int)
    mutating func open(_ container: JSONContainer, at index: Int, depth: Int)
    mutating func close(at index: Int, depth: Int)
    mutating func comma(at index: Int, depth: Int)
}

enum JSONContainer {
    case object
    case array
}

/// Looks at nothing: proves that the text is JSON.
struct JSONOnlooker: JSONVisitor {
    mutating func member(_ key: JSONString, depth: Int) {}
    mutating func string(_ value: JSONString, depth: Int) {}
    mutating func number(_ range: Range<Int>, depth: Int) {}
    mutating func literal(_ range: Range<Int>, depth: Int) {}
    mutating func open(_ container: JSONContainer, at index: Int, depth: Int) {}
    mutating func close(at index: Int, depth: Int) {}
    mutating func comma(at index: Int, depth: Int) {}
}

/// The one grammar: walks a whole JSON text (RFC 8259) once, validating as it goes, and shows a visitor its parts.
/// ``JSONStream`` is the same for a text that comes in pieces.
///
/// Not recursive and without allocations; the visitor's calls are inlined, so what it ignores costs nothing.
enum JSONWalk {
    static func run(
        _ bytes: UnsafeBufferPointer<UInt8>, _ visitor: inout some JSONVisitor
    ) throws(BodyError) -> JSONContainer? {
        guard let base = bytes.baseAddress else { throw .empty }
        var cursor = JSONCursor(base: base, count: bytes.count)
        var nesting = JSONNesting()
        var outer = JSONOuterContainers()
        cursor.skipWhitespace()
        guard cursor.index < cursor.count else { throw .empty }
        let outermost: JSONContainer? =
            switch cursor.current {
            case UInt8(ascii: "{"): .object
            case UInt8(ascii: "["): .array
            default: nil
            }
        repeat {
            try value(&cursor, &nesting, &outer, &visitor)
            // A value has ended or a container has just opened: go on to where the next value begins.
            while nesting.depth > 0, try !nextValue(&cursor, &nesting, &outer, &visitor) {}
        } while nesting.depth > 0
        cursor.skipWhitespace()
        guard cursor.index == cursor.count else { throw .trailingGarbage(offset: cursor.index) }
        return outermost
    }

    /// Steps over a scalar, or opens a container.
    @inline(__always)
    private static func value(
        _ cursor: inout JSONCursor, _ nesting: inout JSONNesting, _ outer: inout JSONOuterContainers,
        _ visitor: inout some JSONVisitor
    ) throws(BodyError) {
        cursor.skipWhitespace()
        switch cursor.current {
        case UInt8(ascii: "\""):
            let string = try cursor.string()
            visitor.string(string, depth: nesting.depth)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let container: JSONContainer = cursor.current == UInt8(ascii: "{") ? .object : .array
            guard nesting.depth < BodyScanner.depthLimit else { throw .tooDeep(offset: cursor.index) }
            nesting.push(container, &outer)
            visitor.open(container, at: cursor.index, depth: nesting.depth)
            cursor.index &+= 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            visitor.number(try cursor.number(), depth: nesting.depth)
        case UInt8(ascii: "t"):
            visitor.literal(try cursor.literal("true"), depth: nesting.depth)
        case UInt8(ascii: "f"):
            visitor.literal(try cursor.literal("false"), depth: nesting.depth)
        case UInt8(ascii: "n"):
            visitor.literal(try cursor.literal("null"), depth: nesting.depth)
        default:
            throw cursor.unexpectedByte()
        }
    }

    /// Takes one step from the end of a value, or from an opening bracket, towards the next value: over a comma
    /// (and, in an object, a key), or out of a container. True when the cursor stands before a value.
    @inline(__always)
    private static func nextValue(
        _ cursor: inout JSONCursor, _ nesting: inout JSONNesting, _ outer: inout JSONOuterContainers,
        _ visitor: inout some JSONVisitor
    ) throws(BodyError) -> Bool {
        cursor.skipWhitespace()
        let closing = nesting.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        if cursor.current == closing {
            visitor.close(at: cursor.index, depth: nesting.depth)
            cursor.index &+= 1
            nesting.pop(outer)
            return false
        }
        if nesting.isFresh {
            nesting.isFresh = false
        } else {
            guard cursor.current == UInt8(ascii: ",") else { throw cursor.unexpectedByte() }
            visitor.comma(at: cursor.index, depth: nesting.depth)
            cursor.index &+= 1
        }
        guard nesting.isObject else { return true }
        cursor.skipWhitespace()
        guard cursor.current == UInt8(ascii: "\"") else { throw cursor.unexpectedByte() }
        let key = try cursor.string()
        visitor.member(key, depth: nesting.depth)
        cursor.skipWhitespace()
        guard cursor.current == UInt8(ascii: ":") else { throw cursor.unexpectedByte() }
        cursor.index &+= 1
        return true
    }
}
