import FoundationEssentials
import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Turns answers into the bytes of HTTP/1.1 responses, each in one buffer and one write.
///
/// NIOHTTP1's encoder would take three writes and build a header collection; our responses have four known headers.
final class AnswerWriter: Sendable {
    /// How a connection goes on after an answer.
    enum Persistence {
        case keepAlive
        /// HTTP/1.0 must be told.
        case keepAliveHTTP10
        case close
    }

    static let continueBytes = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    /// What is written again once its bytes have left. Touched by the thread that it belongs to, and by no other.
    private final class ReusedBuffer: @unchecked Sendable {
        private static let ofThreads = ThreadSpecificVariable<ReusedBuffer>()

        var bytes = ByteBuffer()

        /// That of the calling thread, which is an event loop's.
        static var current: ReusedBuffer {
            if let known = Self.ofThreads.currentValue { return known }
            let new = ReusedBuffer()
            Self.ofThreads.currentValue = new
            return new
        }
    }

    /// A longer answer gets a buffer of its own: nothing that is kept for good grows to its size.
    private static let reusedBytes = 1_024
    private static let headBytes = 256

    private let clock: TimeSource
    /// The date's text changes once a second and is wanted some ten thousand times.
    private let date = Mutex<(second: Int64, line: [UInt8])>((.min, []))

    init(clock: TimeSource) {
        self.clock = clock
    }

    func response(_ answer: Answer, _ persistence: Persistence, isHead: Bool) -> ByteBuffer {
        let capacity = Self.headBytes + answer.body.byteCount
        guard capacity <= Self.reusedBytes else {
            var bytes = ByteBufferAllocator().buffer(capacity: capacity)
            self.write(answer, persistence, isHead: isHead, into: &bytes)
            return bytes
        }
        let reused = ReusedBuffer.current
        // Takes other memory where the last answer still waits to be sent.
        reused.bytes.clear(minimumCapacity: capacity)
        self.write(answer, persistence, isHead: isHead, into: &reused.bytes)
        return reused.bytes
    }

    private func write(_ answer: Answer, _ persistence: Persistence, isHead: Bool, into buffer: inout ByteBuffer) {
        if answer.status == .ok {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\ncontent-type: ")
        } else {
            // In parts, none of which needs memory of its own.
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(answer.status.code))
            buffer.writeStaticString(" ")
            buffer.writeString(answer.status.reasonPhrase)
            buffer.writeStaticString("\r\ncontent-type: ")
        }
        buffer.writeString(answer.contentType)
        buffer.writeStaticString("\r\ncontent-length: ")
        buffer.writeString(String(answer.body.byteCount))
        self.writeDate(into: &buffer)
        switch persistence {
        case .keepAlive: break
        case .keepAliveHTTP10: buffer.writeStaticString("connection: keep-alive\r\n")
        case .close: buffer.writeStaticString("connection: close\r\n")
        }
        for header in answer.headers {
            buffer.writeString(header.name)
            buffer.writeStaticString(": ")
            buffer.writeString(header.value)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("\r\n")
        guard !isHead else { return }
        switch answer.body {
        case .bytes(let bytes): buffer.writeBytes(bytes)
        case .event(let receipt): receipt.write(into: &buffer)
        }
    }

    /// The head of an answer whose body comes piece by piece and ends with the connection.
    func writeStreamHead(_ answer: Answer, into buffer: inout ByteBuffer) {
        buffer.writeString("HTTP/1.1 \(answer.status.code) \(answer.status.reasonPhrase)\r\ncontent-type: ")
        buffer.writeString(answer.contentType)
        self.writeDate(into: &buffer)
        for header in answer.headers { buffer.writeString("\(header.name): \(header.value)\r\n") }
        buffer.writeStaticString("connection: close\r\n\r\n")
    }

    private func writeDate(into buffer: inout ByteBuffer) {
        let now = self.clock.now
        let second = Int64(now.timeIntervalSince1970.rounded(.down))
        let line = self.date.withLock { cached in
            if cached.second != second {
                cached = (second, Array("\r\ndate: \(HTTPDate.text(now))\r\n".utf8))
            }
            return cached.line
        }
        buffer.writeBytes(line)
    }
}
