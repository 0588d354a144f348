import Glibc
import Synchronization

/// Lets another thread end a `poll` that waits for the server.
final class WakePipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func wake() {
        var byte: UInt8 = 1
        // A full pipe is awake already, so a failing write changes nothing.
        _ = write(writeEnd, &byte, 1)
    }

    func drain() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}

/// The wish of one task that its own statement be cancelled; it never reaches a later statement.
final class Interruption: Sendable {
    private let fired = Atomic(false)
    private let wakePipe: WakePipe

    init(waking wakePipe: WakePipe) {
        self.wakePipe = wakePipe
    }

    var isRequested: Bool { fired.load(ordering: .acquiring) }

    func request() {
        fired.store(true, ordering: .releasing)
        wakePipe.wake()
    }
}
