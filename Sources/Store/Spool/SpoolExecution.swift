import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the spool's blocking work runs: never on Swift's cooperative threads, of which there are as few as cores.
package struct SpoolExecution: Sendable {
    package typealias Job = @Sendable () -> Void

    /// One at a time: batches of appends.
    let write: @Sendable (@escaping Job) -> Void
    /// One at a time: reading and the checkpoint.
    let read: @Sendable (@escaping Job) -> Void
    /// One at a time: the next segment.
    let prepare: @Sendable (@escaping Job) -> Void
    /// Lets the caller's thread rest, by a few hundred microseconds as a rule.
    let pause: @Sendable (Duration) -> Void

    package init(
        write: @escaping @Sendable (@escaping Job) -> Void, read: @escaping @Sendable (@escaping Job) -> Void,
        prepare: @escaping @Sendable (@escaping Job) -> Void, pause: @escaping @Sendable (Duration) -> Void
    ) {
        self.write = write
        self.read = read
        self.prepare = prepare
        self.pause = pause
    }

    /// A thread's worth of dispatch queue for each.
    package static func threads() -> SpoolExecution {
        func queue(_ name: String, _ quality: DispatchQoS) -> @Sendable (@escaping Job) -> Void {
            let queue = DispatchQueue(label: "hookgate.spool.\(name)", qos: quality)
            return { queue.async(execute: $0) }
        }
        return SpoolExecution(
            write: queue("write", .userInitiated), read: queue("read", .utility), prepare: queue("prepare", .utility),
            pause: { duration in
                let (seconds, attoseconds) = duration.components
                var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
                // Ended early by a signal, it was long enough: nothing but a pace depends on it.
                nanosleep(&rest, nil)
            })
    }
}
