import Glibc

/// How many files the process may have open, which bounds how many connections it can hold.
enum OpenFiles {
    /// What is not connections: the spool and bodies of their own, the stores, event loops, a log.
    private static let others = 1_000

    /// Raises the bound as far as the system lets this process.
    /// - Returns: the bound that holds now.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let isRaised = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return Int(clamping: isRaised ? limit.rlim_max : before)
    }

    /// How many connections the bound leaves room for.
    static func connections(within files: Int) -> Int {
        max(64, files - others)
    }
}
