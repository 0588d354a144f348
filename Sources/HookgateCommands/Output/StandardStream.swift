import Glibc

/// Standard output and standard error, written whole and at once, so that a pipe sees each line when it is said.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes a line. A reader that has gone away (`| head`) ends the program quietly, as it does for `cat`.
    func line(_ text: String = "") {
        write(text + "\n")
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count > 0 {
                start += count
            } else if errno != EINTR {
                exit(errno == EPIPE ? ExitStatus.done.rawValue : ExitStatus.failed.rawValue)
            }
        }
    }

    /// Whether a person reads along.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}
