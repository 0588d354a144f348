import HookgateTestSupport
import NIOCore

@testable import RedisClient

/// Any bytes as what a Redis server sends: however they are cut, the replies and the verdict are the same, and within
/// the bounds. Shared by the seeded tests and the fuzzer.
enum AnyReplies {
    private struct Reading: Equatable {
        var replies: [RESPValue] = []
        var violation: RESPViolation?
    }

    static func check(_ bytes: [UInt8]) throws {
        var limits = RESPReader.Limits()
        limits.line = 64
        limits.reply = 1_024
        limits.elements = 64
        limits.depth = 4
        let whole = self.read(bytes, size: Int.max, limits)
        for size in [1, 3, 17] {
            try BrokenPromise.unless(
                self.read(bytes, size: size, limits) == whole, "cut into \(size), it reads otherwise")
        }
    }

    private static func read(_ bytes: [UInt8], size: Int, _ limits: RESPReader.Limits) -> Reading {
        var reader = RESPReader(limits: limits)
        var buffer = ByteBuffer()
        var reading = Reading()
        var rest = bytes[...]
        do throws(RESPViolation) {
            while !rest.isEmpty {
                buffer.writeBytes(rest.prefix(size))
                rest = rest.dropFirst(size)
                while let reply = try reader.next(from: &buffer) { reading.replies.append(reply) }
            }
        } catch {
            reading.violation = error
        }
        return reading
    }

    /// A reply of every type, alone and together.
    static func seeds() -> [[UInt8]] {
        let replies = [
            "+OK\r\n", "-ERR no\r\n", ":-42\r\n", "$3\r\na\r\n\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
            "*2\r\n:1\r\n*1\r\n$0\r\n\r\n", "$1024\r\n", "*65\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
        ]
        return (replies + [replies.joined()]).map { Array($0.utf8) }
    }
}
