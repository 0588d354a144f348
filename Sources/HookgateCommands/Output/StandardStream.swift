import Glibc
import HookgateCore
import Synchronization

/// Standard output and standard error, written whole and at once, so that a pipe sees each line when it is said.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Set once a reader has gone away (`| head`): what is said from then on is for nobody, and the work goes on.
    private static let isClosed = Atomic(false)

    /// False once a reader has gone away: what follows without end may end.
    static var hasReader: Bool { !isClosed.load(ordering: .relaxed) }

    /// Writes a line for people; what in it could steer a terminal is escaped.
    func line(_ text: String = "") {
        write(text.printableLines + "\n")
    }

    /// Writes a text as it is.
    func write(_ text: String) {
        if Self.isClosed.load(ordering: .relaxed) { return }
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count > 0 {
                start += count
            } else if errno == EPIPE {
                return Self.isClosed.store(true, ordering: .relaxed)
            } else if errno != EINTR {
                exit(ExitStatus.failed.rawValue)
            }
        }
    }

    /// Whether a person reads along.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}

extension Configuration {
    /// Where a gateway says what is for people, its first key among it: beside the events where those go to standard
    /// output.
    var announcements: StandardStream {
        delivery?.destination.kind == .standardOutput ? .error : .output
    }
}
