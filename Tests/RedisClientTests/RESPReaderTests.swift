import HookgateTestSupport
import NIOCore
import Testing

@testable import RedisClient

@Suite struct RESPReaderTests {
    /// All replies in the bytes, handed over in pieces that end at the given places.
    private func read(
        _ bytes: [UInt8], cutAt cuts: [Int] = [], limits: RESPReader.Limits = .init()
    ) throws -> [RESPValue] {
        var reader = RESPReader(limits: limits)
        var buffer = ByteBuffer()
        var replies: [RESPValue] = []
        for (start, end) in zip([0] + cuts, cuts + [bytes.count]) {
            buffer.writeBytes(bytes[start..<end])
            while let reply = try reader.next(from: &buffer) { replies.append(reply) }
        }
        return replies
    }

    private func read(_ text: String, limits: RESPReader.Limits = .init()) throws -> [RESPValue] {
        try self.read(Array(text.utf8), limits: limits)
    }

    @Test func everyTypeIsRead() throws {
        #expect(
            try self.read("+OK\r\n-ERR no\r\n:-42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n")
                == [
                    .simple("OK"), .error("ERR no"), .integer(-42), .bulk(Array("a\r\n".utf8)), .null, .null,
                    .array([]),
                    .array([.integer(1), .array([.bulk([])])]),
                ])
    }

    @Test func repliesAreTheSameHoweverTheyAreCut() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<60 {
            let replies = (0..<Int.random(in: 1...4, using: &random)).map { _ in Self.value(depth: 3, &random) }
            let bytes = replies.flatMap(Self.encoded)
            for cut in 0...bytes.count { #expect(try self.read(bytes, cutAt: [cut]) == replies) }
            #expect(try self.read(bytes, cutAt: Array(0..<bytes.count)) == replies)
        }
    }

    /// Whatever comes is a reply, an error, or a wait for more; `make fuzz` goes on where this ends.
    @Test func garbageIsReadTheSameHoweverItIsCut() throws {
        var random = SeededGenerator(seed: 12)
        let likely = Array("+-:$*0123456789\r\n".utf8)
        for round in 0..<4_000 {
            let length = Int.random(in: 0...60, using: &random)
            let bytes = (0..<length).map { _ in
                round.isMultiple(of: 2)
                    ? likely.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
            }
            try AnyReplies.check(bytes)
        }
    }

    @Test func alteredRepliesAreReadTheSameHoweverTheyAreCut() throws {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<1_000 {
            var bytes = Self.encoded(Self.value(depth: 3, &random))
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            try AnyReplies.check(bytes)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n", RESPViolation.unknownType), ("\r\n", .unknownType),
        (":1x\r\n", .badNumber), (":\r\n", .badNumber), ("$-2\r\n", .badNumber), ("*-2\r\n", .badNumber),
        ("$99999999999999999999\r\n", .badNumber), (":999999999999999999999999\r\n", .badNumber),
        ("+OK\n", .badLineEnd), ("$1\r\nabc", .badLineEnd), ("+\u{0}\r\n*1\r\n+a\n", .badLineEnd),
        ("$5000000\r\n", .tooLong), ("*70000\r\n", .tooMany),
    ])
    func violationIsNamed(_ text: String, _ violation: RESPViolation) {
        #expect(throws: violation) { try self.read(text) }
    }

    @Test func everyBoundHolds() {
        var limits = RESPReader.Limits()
        limits.line = 16
        limits.reply = 64
        limits.elements = 4
        limits.depth = 2
        #expect(throws: RESPViolation.tooLong) { try self.read(String(repeating: "+", count: 17), limits: limits) }
        #expect(throws: RESPViolation.tooLong) {
            try self.read(
                "*3\r\n$30\r\n" + String(repeating: "a", count: 30)
                    + "\r\n$30\r\n" + String(repeating: "a", count: 30) + "\r\n", limits: limits)
        }
        #expect(throws: RESPViolation.tooDeep) { try self.read("*1\r\n*1\r\n*1\r\n", limits: limits) }
        #expect(throws: RESPViolation.tooMany) { try self.read("*3\r\n:1\r\n*2\r\n:2\r\n:3\r\n", limits: limits) }
        // Counted for each reply by itself.
        #expect(throws: Never.self) { try self.read(String(repeating: "+123456789\r\n", count: 20), limits: limits) }
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> RESPValue {
        switch Int.random(in: 0...(depth > 0 ? 5 : 4), using: &random) {
        case 0: .simple(String(repeating: "é", count: Int.random(in: 0...3, using: &random)))
        case 1: .error("ERR")
        case 2: .integer(Int64.random(in: .min ... .max, using: &random))
        case 3:
            .bulk((0..<Int.random(in: 0...8, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
        case 4: .null
        default: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in self.value(depth: depth - 1, &random) })
        }
    }

    private static func encoded(_ value: RESPValue) -> [UInt8] {
        switch value {
        case .simple(let text): Array("+\(text)\r\n".utf8)
        case .error(let text): Array("-\(text)\r\n".utf8)
        case .integer(let number): Array(":\(number)\r\n".utf8)
        case .bulk(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + [0x0D, 0x0A]
        case .null: Array("$-1\r\n".utf8)
        case .array(let elements): Array("*\(elements.count)\r\n".utf8) + elements.flatMap(self.encoded)
        }
    }
}
