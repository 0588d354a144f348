import Dispatch

/// Where the spool's blocking work runs: never on Swift's cooperative threads, of which there are as few as cores.
package struct SpoolExecution: Sendable {
    package typealias Job = @Sendable () -> Void

    /// One at a time: batches of appends.
    let write: @Sendable (@escaping Job) -> Void
    /// One at a time: reading and the checkpoint.
    let read: @Sendable (@escaping Job) -> Void
    /// One at a time: the next segment.
    let prepare: @Sendable (@escaping Job) -> Void
    /// Keeps the thread of ``prepare`` idle for so long: on a machine of one core its work is in everybody's way, and
    /// nobody waits for it.
    let rest: @Sendable (Duration) -> Void

    package init(
        write: @escaping @Sendable (@escaping Job) -> Void, read: @escaping @Sendable (@escaping Job) -> Void,
        prepare: @escaping @Sendable (@escaping Job) -> Void, rest: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        self.write = write
        self.read = read
        self.prepare = prepare
        self.rest = rest
    }

    /// A thread's worth of dispatch queue for each.
    package static func threads() -> SpoolExecution {
        func queue(_ name: String, _ quality: DispatchQoS) -> @Sendable (@escaping Job) -> Void {
            let queue = DispatchQueue(label: "hookgate.spool.\(name)", qos: quality)
            return { queue.async(execute: $0) }
        }
        return SpoolExecution(
            write: queue("write", .userInitiated), read: queue("read", .utility), prepare: queue("prepare", .utility),
            rest: { time in
                let nanoseconds = min(time, longestRest) / Duration.nanoseconds(1)
                // Nobody signals it: it is there to wait.
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
            })
    }

    /// Behind a piece that the disk was slow with, no longer than this: half the time is enough.
    private static let longestRest = Duration.milliseconds(20)
}
