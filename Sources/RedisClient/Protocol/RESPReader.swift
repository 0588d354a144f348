import NIOCore

/// Reads RESP replies out of bytes as they come: each byte is looked at once, however the peer cuts them up.
///
/// Bounded in every way that a peer could misuse: the length of a line and of a reply, its elements, its depth.
struct RESPReader {
    struct Limits {
        var line = 4_096
        var reply = 4 << 20
        var elements = 65_536
        var depth = 8
    }

    /// An array whose elements are still coming.
    private struct Unfinished {
        let count: Int
        var elements: [RESPValue] = []
    }

    private enum Element {
        case value(RESPValue)
        case array(count: Int)
    }

    private let limits: Limits
    private var open: [Unfinished] = []
    /// The length of a bulk string whose header is read.
    private var bulk: Int?
    /// How much of the line at the buffer's start is known to hold no end.
    private var scanned = 0
    private var bytes = 0
    private var elements = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The next whole reply; nil when more bytes are needed. After an error the stream has no meaning any more.
    mutating func next(from buffer: inout ByteBuffer) throws(RESPViolation) -> RESPValue? {
        while let element = try self.element(from: &buffer) {
            switch element {
            case .array(let count) where count > 0:
                guard self.open.count < self.limits.depth else { throw .tooDeep }
                self.open.append(Unfinished(count: count))
            case .array:
                if let reply = self.fold(.array([])) { return reply }
            case .value(let value):
                if let reply = self.fold(value) { return reply }
            }
        }
        return nil
    }

    /// Puts a value where it belongs; gives the reply back once it is whole.
    private mutating func fold(_ value: RESPValue) -> RESPValue? {
        var value = value
        while var last = self.open.popLast() {
            last.elements.append(value)
            guard last.elements.count == last.count else {
                self.open.append(last)
                return nil
            }
            value = .array(last.elements)
        }
        self.bytes = 0
        self.elements = 0
        return value
    }

    private mutating func element(from buffer: inout ByteBuffer) throws(RESPViolation) -> Element? {
        if let length = self.bulk { return try self.bulkBody(length, from: &buffer) }
        guard let line = try self.line(from: &buffer) else { return nil }
        try self.count(line.count + 2)
        self.elements += 1
        guard self.elements <= self.limits.elements else { throw .tooMany }
        let rest = line.dropFirst()
        switch line.first {
        case UInt8(ascii: "+"): return .value(.simple(try Self.text(rest)))
        case UInt8(ascii: "-"): return .value(.error(try Self.text(rest)))
        case UInt8(ascii: ":"): return .value(.integer(try Self.number(rest)))
        case UInt8(ascii: "$"):
            guard let length = try self.length(rest, bound: self.limits.reply, .tooLong) else { return .value(.null) }
            self.bulk = length
            return try self.bulkBody(length, from: &buffer)
        case UInt8(ascii: "*"):
            guard let count = try self.length(rest, bound: self.limits.elements, .tooMany) else { return .value(.null) }
            return .array(count: count)
        default: throw .unknownType
        }
    }

    private mutating func bulkBody(_ length: Int, from buffer: inout ByteBuffer) throws(RESPViolation) -> Element? {
        guard buffer.readableBytes >= length + 2 else { return nil }
        try self.count(length + 2)
        guard let body = buffer.readBytes(length: length), buffer.readBytes(length: 2) == [0x0D, 0x0A] else {
            throw .badLineEnd
        }
        self.bulk = nil
        return .value(.bulk(body))
    }

    /// A line without its end; nil until the end is there.
    private mutating func line(from buffer: inout ByteBuffer) throws(RESPViolation) -> [UInt8]? {
        let view = buffer.readableBytesView
        let start = view.index(view.startIndex, offsetBy: self.scanned)
        guard let feed = view[start...].firstIndex(of: 0x0A) else {
            self.scanned = view.count
            guard view.count <= self.limits.line else { throw .tooLong }
            return nil
        }
        let length = view.distance(from: view.startIndex, to: feed)
        self.scanned = 0
        guard length <= self.limits.line else { throw .tooLong }
        guard var line = buffer.readBytes(length: length + 1), line.suffix(2) == [0x0D, 0x0A] else { throw .badLineEnd }
        line.removeLast(2)
        return line
    }

    private mutating func count(_ bytes: Int) throws(RESPViolation) {
        self.bytes += bytes
        guard self.bytes <= self.limits.reply else { throw .tooLong }
    }

    /// Nil for -1, which means that there is nothing.
    private func length(
        _ digits: ArraySlice<UInt8>, bound: Int, _ violation: RESPViolation
    ) throws(RESPViolation) -> Int? {
        let number = try Self.number(digits)
        if number == -1 { return nil }
        guard number >= 0 else { throw .badNumber }
        guard number <= bound else { throw violation }
        return Int(number)
    }

    private static func number(_ digits: ArraySlice<UInt8>) throws(RESPViolation) -> Int64 {
        guard digits.count <= 20, let number = Int64(String(decoding: digits, as: UTF8.self)) else { throw .badNumber }
        return number
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(RESPViolation) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .badText }
        return text
    }
}
