/// ``BodyScanner`` for a body that comes in pieces: the same answer, wherever it is cut, from 40 kilobytes of memory.
///
/// ```swift
/// let scan = BodyScan()
/// for piece in pieces { scan.read(piece.span) }
/// let facts = try scan.finish()
/// ```
package final class BodyScan {
    /// What proves that this is no body, as soon as it is known. What comes after it is not looked at.
    package private(set) var error: BodyError?
    private var stream: JSONStream<KeptStrings>
    private let storage: UnsafeMutablePointer<UInt8>

    package init() {
        storage = .allocate(capacity: KeptStrings.storageByteCount)
        stream = JSONStream(KeptStrings(storage))
    }

    deinit {
        storage.deallocate()
    }

    /// How often it has looked at what comes next; for a test of its being linear.
    var turns: Int { stream.turns }

    /// Goes on with the next bytes.
    package func read(_ piece: Span<UInt8>) {
        guard error == nil else { return }
        do throws(BodyError) {
            try piece.withUnsafeBufferPointer { (bytes) throws(BodyError) in try stream.read(bytes) }
        } catch {
            self.error = error
        }
    }

    /// The body ends here.
    package func finish() throws(BodyError) -> BodyFacts {
        if let error { throw error }
        try stream.finish()
        guard stream.outermost == .object else { throw .notAnObject }
        return stream.visitor.facts
    }
}

/// Keeps the beginnings of those strings that ``BodyFactsVisitor`` looks at, and shows it each when it is whole.
private struct KeptStrings: JSONStreamVisitor {
    /// So much of an escaped string is always enough to know its first 512 bytes, and that there are more: a byte takes
    /// six at most (`\u0041`), and a whole character twelve.
    private static let longestString = 6 * BodyScanner.longestInstance + 24
    /// One place for each member that is looked for, behind one for keys.
    static let storageByteCount = (1 + BodyFactsVisitor.slotCount) * longestString

    private let storage: UnsafeMutablePointer<UInt8>
    private var reader: BodyFactsVisitor
    /// Where the string in hand is kept; nil where it does not matter.
    private var start: Int?
    private var count = 0
    private var hasEscapes = false

    init(_ storage: UnsafeMutablePointer<UInt8>) {
        self.storage = storage
        self.reader = BodyFactsVisitor(base: UnsafePointer(storage))
    }

    var facts: BodyFacts { reader.facts }

    mutating func beginString(isKey: Bool, depth: Int) {
        count = 0
        hasEscapes = false
        if isKey {
            start = depth == reader.depth ? 0 : nil
        } else {
            start = reader.awaitedSlot.map { (1 + $0) * Self.longestString }
        }
    }

    mutating func append(_ part: UnsafeBufferPointer<UInt8>) {
        guard let start, let source = part.baseAddress else { return }
        let fitting = min(part.count, Self.longestString - count)
        guard fitting > 0 else { return }
        (storage + start + count).update(from: source, count: fitting)
        count += fitting
    }

    mutating func foundEscape() {
        hasEscapes = true
    }

    mutating func endString(isKey: Bool, depth: Int) {
        let place = start ?? 0
        let string = JSONString(start: place, end: place + (start == nil ? 0 : count), hasEscapes: hasEscapes)
        if isKey {
            reader.member(string, depth: depth)
        } else {
            reader.string(string, depth: depth)
        }
    }

    mutating func scalar(depth: Int) {
        reader.number(0..<0, depth: depth)
    }

    mutating func open(_ container: JSONContainer, depth: Int) {
        reader.open(container, at: 0, depth: depth)
    }

    mutating func close(depth: Int) {
        reader.close(at: 0, depth: depth)
    }
}
