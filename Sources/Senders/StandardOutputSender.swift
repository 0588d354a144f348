import Dispatch
import Glibc
import HookgateCore
import Synchronization

/// Writes each event as one line to standard output, for a pipe.
package final class StandardOutputSender: Sendable {
    /// Events that may wait for a reader that is slow; more are told at once to come again.
    private static let longestQueue = 64

    private let descriptor: CInt
    /// Writing blocks as long as the reader does not read.
    private let queue = DispatchQueue(label: "hookgate.standard-output")
    private let waiting = Mutex(0)

    package init(descriptor: CInt = STDOUT_FILENO) {
        self.descriptor = descriptor
    }

    func send(_ content: DeliveryContent, of task: DeliveryTask) async -> AttemptResult {
        let isAllowed = waiting.withLock { count in
            guard count < Self.longestQueue else { return false }
            count += 1
            return true
        }
        guard isAllowed else { return .throttled(status: 503, retryAfter: nil) }
        let answers = AsyncStream.makeStream(of: AttemptResult.self)
        queue.async { [self] in
            let result = write(Self.line(content.body))
            waiting.withLock { $0 -= 1 }
            answers.continuation.yield(result)
            answers.continuation.finish()
        }
        return await Attempt.run(within: task.destination.timeout) { attempt in
            for await result in answers.stream { attempt.finish(result) }
        }
    }

    /// JSON on one line: a line break in it can only stand between its parts.
    private static func line(_ body: [UInt8]) -> [UInt8] {
        body.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A]
    }

    /// Writes all of it: half a line would be no event.
    private func write(_ line: [UInt8]) -> AttemptResult {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Whoever shares this pipe has set it not to block.
                var pipe = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&pipe, 1, -1)
            } else if errno != EINTR {
                return .connectionFailed(errno == EPIPE ? .reset : .other)
            }
        }
        return .delivered(status: nil)
    }
}
