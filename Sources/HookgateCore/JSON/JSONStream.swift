/// ``JSONWalk`` for a text that comes in pieces: it can stop behind every byte and go on with the next.
///
/// It keeps where it is, and never a byte that it has seen; what a string holds goes to its ``JSONStreamVisitor``. Its
/// verdicts and their offsets are those of the walk over the whole text: a test cuts bodies at every byte to show it.
struct JSONStream<Visitor: JSONStreamVisitor> {
    private enum Place {
        /// Before the outermost value, and behind it.
        case start, end
        case value
        /// In a container that was just opened: a value, or its end.
        case firstElement, firstKey
        case key, colon, afterValue
        case string, escape, hexadecimal
        /// In a UTF-8 sequence of a string, or of what stands where no such byte may.
        case sequence, strayBytes
        case number(NumberPart)
        case literal
    }

    /// What of a number was read last.
    private enum NumberPart {
        case minus, zero, integer, point, fraction, exponentMark, exponentSign, exponent
    }

    private(set) var visitor: Visitor
    /// What the outermost value is; nil for a scalar.
    private(set) var outermost: JSONContainer?
    /// Turns of the loop so far: two for a byte at the most, which is what makes the time linear.
    private(set) var turns = 0

    private var place = Place.start
    private var nesting = JSONNesting()
    private var outer = JSONOuterContainers()
    /// Of the piece in hand, in the whole text.
    private var pieceStart = 0
    private var isKey = false
    /// Hexadecimal digits or bytes of a sequence that are still to come.
    private var awaited = 0
    private var sequenceStart = 0
    private var nextOfSequence: ClosedRange<UInt8> = 0x80...0xBF
    private var literal: StaticString = "null"
    private var literalMatched = 0

    init(_ visitor: Visitor) {
        self.visitor = visitor
    }

    /// Goes on with the next piece. After an error it must not be called again.
    mutating func read(_ piece: UnsafeBufferPointer<UInt8>) throws(BodyError) {
        guard let base = piece.baseAddress else { return }
        var cursor = JSONCursor(base: base, count: piece.count)
        while cursor.index < cursor.count {
            turns &+= 1
            try step(&cursor)
        }
        pieceStart += piece.count
    }

    /// The text ends here.
    mutating func finish() throws(BodyError) {
        switch place {
        case .start: throw .empty
        case .end: return
        case .sequence, .strayBytes: throw .notUTF8(offset: sequenceStart)
        case .number(.zero), .number(.integer), .number(.fraction), .number(.exponent):
            visitor.scalar(depth: nesting.depth)
            guard nesting.depth == 0 else { throw .syntax(offset: pieceStart) }
        case .value, .firstElement, .firstKey, .key, .colon, .afterValue, .string, .escape, .hexadecimal, .number,
            .literal:
            throw .syntax(offset: pieceStart)
        }
    }

    private mutating func step(_ cursor: inout JSONCursor) throws(BodyError) {
        switch place {
        case .string: try string(&cursor)
        case .escape: try escape(&cursor)
        case .hexadecimal: try hexadecimal(&cursor)
        case .sequence, .strayBytes: try sequence(&cursor)
        case .number(let part): try number(part, &cursor)
        case .literal: try literal(&cursor)
        case .start, .end, .value, .firstElement, .firstKey, .key, .colon, .afterValue:
            cursor.skipWhitespace()
            if cursor.index < cursor.count { try between(&cursor) }
        }
    }

    /// A byte between the tokens that is no white space.
    private mutating func between(_ cursor: inout JSONCursor) throws(BodyError) {
        let byte = cursor.current
        let closing = nesting.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        switch (place, byte) {
        case (.end, _): throw .trailingGarbage(offset: pieceStart + cursor.index)
        case (.firstKey, UInt8(ascii: "}")), (.firstElement, UInt8(ascii: "]")): close(&cursor)
        case (.firstKey, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")): beginString(&cursor, isKey: true)
        case (.colon, UInt8(ascii: ":")):
            cursor.index &+= 1
            place = .value
        case (.afterValue, closing): close(&cursor)
        case (.afterValue, UInt8(ascii: ",")):
            cursor.index &+= 1
            place = nesting.isObject ? .key : .value
        case (.firstKey, _), (.key, _), (.colon, _), (.afterValue, _): try unexpectedByte(&cursor)
        default: try beginValue(byte, &cursor)
        }
    }

    private mutating func beginValue(_ byte: UInt8, _ cursor: inout JSONCursor) throws(BodyError) {
        switch byte {
        case UInt8(ascii: "\""): beginString(&cursor, isKey: false)
        case UInt8(ascii: "{"): try open(.object, &cursor)
        case UInt8(ascii: "["): try open(.array, &cursor)
        case UInt8(ascii: "-"): begin(.number(.minus), &cursor)
        case UInt8(ascii: "0"): begin(.number(.zero), &cursor)
        case UInt8(ascii: "1")...UInt8(ascii: "9"): begin(.number(.integer), &cursor)
        case UInt8(ascii: "t"): beginLiteral("true", &cursor)
        case UInt8(ascii: "f"): beginLiteral("false", &cursor)
        case UInt8(ascii: "n"): beginLiteral("null", &cursor)
        default: try unexpectedByte(&cursor)
        }
    }

    private mutating func begin(_ place: Place, _ cursor: inout JSONCursor) {
        cursor.index &+= 1
        self.place = place
    }

    private mutating func ended() {
        place = nesting.depth == 0 ? .end : .afterValue
    }

    // MARK: Containers

    private mutating func open(_ container: JSONContainer, _ cursor: inout JSONCursor) throws(BodyError) {
        guard nesting.depth < BodyScanner.depthLimit else { throw .tooDeep(offset: pieceStart + cursor.index) }
        if nesting.depth == 0 { outermost = container }
        nesting.push(container, &outer)
        visitor.open(container, depth: nesting.depth)
        begin(container == .object ? .firstKey : .firstElement, &cursor)
    }

    private mutating func close(_ cursor: inout JSONCursor) {
        visitor.close(depth: nesting.depth)
        nesting.pop(outer)
        cursor.index &+= 1
        ended()
    }

    // MARK: Strings

    private mutating func beginString(_ cursor: inout JSONCursor, isKey: Bool) {
        self.isKey = isKey
        visitor.beginString(isKey: isKey, depth: nesting.depth)
        begin(.string, &cursor)
    }

    private mutating func string(_ cursor: inout JSONCursor) throws(BodyError) {
        let start = cursor.index
        cursor.skipPlainBytes()
        visitor.append(UnsafeBufferPointer(start: cursor.base + start, count: cursor.index - start))
        guard cursor.index < cursor.count else { return }
        let byte = cursor.current
        if byte == UInt8(ascii: "\"") {
            cursor.index &+= 1
            visitor.endString(isKey: isKey, depth: nesting.depth)
            if isKey { place = .colon } else { ended() }
        } else if byte == UInt8(ascii: "\\") {
            visitor.foundEscape()
            take(&cursor)
            place = .escape
        } else if byte >= 0x80 {
            try beginSequence(.sequence, &cursor)
        } else {
            throw .syntax(offset: pieceStart + cursor.index)
        }
    }

    /// Shows the visitor one byte of a string.
    private mutating func take(_ cursor: inout JSONCursor) {
        visitor.append(UnsafeBufferPointer(start: cursor.base + cursor.index, count: 1))
        cursor.index &+= 1
    }

    private mutating func escape(_ cursor: inout JSONCursor) throws(BodyError) {
        switch cursor.current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            place = .string
        case UInt8(ascii: "u"):
            awaited = 4
            place = .hexadecimal
        default:
            throw .syntax(offset: pieceStart + cursor.index)
        }
        take(&cursor)
    }

    private mutating func hexadecimal(_ cursor: inout JSONCursor) throws(BodyError) {
        guard JSONEscape.hexValue(cursor.current) != nil else { throw .syntax(offset: pieceStart + cursor.index) }
        take(&cursor)
        awaited -= 1
        if awaited == 0 { place = .string }
    }

    // MARK: Bytes from 0x80 on

    private mutating func beginSequence(_ place: Place, _ cursor: inout JSONCursor) throws(BodyError) {
        sequenceStart = pieceStart + cursor.index
        let (length, second) = UTF8Sequence.shape(of: cursor.current)
        guard length > 0 else { throw .notUTF8(offset: sequenceStart) }
        awaited = length - 1
        nextOfSequence = second
        self.place = place
        takeOfSequence(&cursor)
    }

    private mutating func sequence(_ cursor: inout JSONCursor) throws(BodyError) {
        guard nextOfSequence.contains(cursor.current) else { throw .notUTF8(offset: sequenceStart) }
        nextOfSequence = 0x80...0xBF
        takeOfSequence(&cursor)
        awaited -= 1
        guard awaited == 0 else { return }
        if case .strayBytes = place { throw .syntax(offset: sequenceStart) }
        place = .string
    }

    private mutating func takeOfSequence(_ cursor: inout JSONCursor) {
        if case .sequence = place { take(&cursor) } else { cursor.index &+= 1 }
    }

    /// Says what is wrong with the byte here; of one that may begin a character, once the character is known.
    private mutating func unexpectedByte(_ cursor: inout JSONCursor) throws(BodyError) {
        guard cursor.current >= 0x80 else { throw .syntax(offset: pieceStart + cursor.index) }
        try beginSequence(.strayBytes, &cursor)
    }

    // MARK: Numbers and literals

    private mutating func number(_ part: NumberPart, _ cursor: inout JSONCursor) throws(BodyError) {
        let byte = cursor.current
        let isDigit = byte &- UInt8(ascii: "0") < 10
        switch part {
        case .minus where isDigit: begin(.number(byte == UInt8(ascii: "0") ? .zero : .integer), &cursor)
        case .integer where isDigit, .fraction where isDigit, .exponent where isDigit: cursor.index &+= 1
        case .point where isDigit: begin(.number(.fraction), &cursor)
        case .exponentMark where isDigit, .exponentSign where isDigit: begin(.number(.exponent), &cursor)
        case .exponentMark where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"):
            begin(.number(.exponentSign), &cursor)
        case .zero where byte == UInt8(ascii: "."), .integer where byte == UInt8(ascii: "."):
            begin(.number(.point), &cursor)
        case .zero where byte | 0x20 == UInt8(ascii: "e"), .integer where byte | 0x20 == UInt8(ascii: "e"),
            .fraction where byte | 0x20 == UInt8(ascii: "e"):
            begin(.number(.exponentMark), &cursor)
        case .zero, .integer, .fraction, .exponent:
            // The byte belongs to what comes next.
            visitor.scalar(depth: nesting.depth)
            ended()
        case .minus, .point, .exponentMark, .exponentSign:
            try unexpectedByte(&cursor)
        }
    }

    private mutating func beginLiteral(_ word: StaticString, _ cursor: inout JSONCursor) {
        literal = word
        literalMatched = 1
        begin(.literal, &cursor)
    }

    private mutating func literal(_ cursor: inout JSONCursor) throws(BodyError) {
        guard cursor.current == literal.utf8Start[literalMatched] else { return try unexpectedByte(&cursor) }
        cursor.index &+= 1
        literalMatched += 1
        guard literalMatched == literal.utf8CodeUnitCount else { return }
        visitor.scalar(depth: nesting.depth)
        ended()
    }
}

/// What a ``JSONStream`` meets. A string comes in parts, still escaped, between its beginning and its end.
protocol JSONStreamVisitor {
    mutating func beginString(isKey: Bool, depth: Int)
    mutating func append(_ part: UnsafeBufferPointer<UInt8>)
    mutating func foundEscape()
    mutating func endString(isKey: Bool, depth: Int)
    mutating func scalar(depth: Int)
    mutating func open(_ container: JSONContainer, depth: Int)
    mutating func close(depth: Int)
}
