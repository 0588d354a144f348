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

    package init(
        write: @escaping @Sendable (@escaping Job) -> Void, read: @escaping @Sendable (@escaping Job) -> Void,
        prepare: @escaping @Sendable (@escaping Job) -> Void
    ) {
        self.write = write
        self.read = read
        self.prepare = prepare
    }

    /// A thread's worth of dispatch queue for each.
    package static func threads() -> SpoolExecution {
        func queue(_ name: String, _ quality: DispatchQoS) -> @Sendable (@escaping Job) -> Void {
            let queue = DispatchQueue(label: "hookgate.spool.\(name)", qos: quality)
            return { queue.async(execute: $0) }
        }
        return SpoolExecution(
            write: queue("write", .userInitiated), read: queue("read", .utility), prepare: queue("prepare", .utility))
    }
}
