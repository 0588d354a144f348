import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes log lines to a file descriptor, off the caller's path.
///
/// A full pipe blocks whoever writes into it, so no event loop ever does: lines wait in a bounded queue. When the
/// reader is too slow, lines are dropped and the next one that goes out says how many.
package final class LogOutput: Sendable {
    /// Bytes that may wait: some ten thousand lines.
    private static let capacity = 2 << 20

    private struct State {
        var waiting: [String] = []
        var waitingBytes = 0
        var dropped = 0
        var isScheduled = false
    }

    private let descriptor: Int32
    private let capacity: Int
    private let queue = DispatchQueue(label: "hookgate.log")
    private let state = Mutex(State())

    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        self.capacity = Self.capacity
    }

    init(descriptor: Int32, capacity: Int) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// Takes a line without waiting for it to be written.
    package func append(_ line: String) {
        let mustSchedule = state.withLock { state in
            let size = line.utf8.count + 1
            guard state.waitingBytes + size <= capacity else {
                state.dropped += 1
                return false
            }
            state.waiting.append(line)
            state.waitingBytes += size
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { queue.async { self.drain() } }
    }

    /// Waits until every line taken so far is written. For the end of the process, never for an event loop.
    package func flush() {
        queue.sync { drain() }
    }

    private func drain() {
        while let batch = nextBatch() {
            var bytes: [UInt8] = []
            for line in batch { bytes += Array(line.utf8) + [UInt8(ascii: "\n")] }
            writeAll(bytes)
        }
    }

    private func nextBatch() -> [String]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isScheduled = false
                return nil
            }
            var batch = state.waiting
            if state.dropped > 0 {
                batch.append("… \(state.dropped) log lines dropped: standard error is read too slowly")
            }
            state = State(isScheduled: true)
            return batch
        }
    }

    /// A reader that went away takes its log with it; there is nowhere left to say so.
    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
