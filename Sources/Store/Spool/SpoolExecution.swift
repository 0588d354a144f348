import Dispatch

/// Where the spool's blocking work runs: never on Swift's cooperative threads, of which there are as few as cores.
package struct SpoolExecution: Sendable {
    package typealias Job = @Sendable () -> Void

    /// One at a time: batches of appends.
    let write: @Sendable (@escaping Job) -> Void
    /// The same, for a caller that leaves its processor to the job: returns when it has ended, or after so long.
    let writeNext: @Sendable (@escaping Job, _ patience: Duration) -> Void
    /// One at a time: reading and the checkpoint.
    let read: @Sendable (@escaping Job) -> Void
    /// One at a time: the next segment.
    let prepare: @Sendable (@escaping Job) -> Void

    /// - Parameter writeNext: nil for callers that never wait.
    package init(
        write: @escaping @Sendable (@escaping Job) -> Void, read: @escaping @Sendable (@escaping Job) -> Void,
        prepare: @escaping @Sendable (@escaping Job) -> Void,
        writeNext: (@Sendable (@escaping Job, _ patience: Duration) -> Void)? = nil
    ) {
        self.write = write
        self.writeNext = writeNext ?? { job, _ in write(job) }
        self.read = read
        self.prepare = prepare
    }

    /// A thread's worth of dispatch queue for each.
    /// - Parameter sharesProcessor: whether they and the event loops have one processor among them. Then a loop gains
    ///   nothing by going on at once while its few events are written: what it would begin to read is in the writer's
    ///   way, and costs twice what it costs together with what comes meanwhile.
    package static func threads(sharesProcessor: Bool = false) -> SpoolExecution {
        func queue(_ name: String, _ quality: DispatchQoS) -> @Sendable (@escaping Job) -> Void {
            let queue = DispatchQueue(label: "hookgate.spool.\(name)", qos: quality)
            return { queue.async(execute: $0) }
        }
        let write = queue("write", .userInitiated)
        let writeNext: @Sendable (@escaping Job, Duration) -> Void = { job, patience in
            awaitEnd(of: job, on: write, patience)
        }
        return SpoolExecution(
            write: write, read: queue("read", .utility), prepare: queue("prepare", .utility),
            writeNext: sharesProcessor ? writeNext : nil)
    }

    private static func awaitEnd(of job: @escaping Job, on write: (@escaping Job) -> Void, _ patience: Duration) {
        let end = DispatchSemaphore(value: 0)
        write {
            job()
            end.signal()
        }
        // Whether it has ended or not: its caller hears of that as of every other.
        _ = end.wait(timeout: .now() + .nanoseconds(Int(patience / .nanoseconds(1))))
    }
}
