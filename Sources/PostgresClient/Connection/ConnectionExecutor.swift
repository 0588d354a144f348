import Dispatch

/// Gives one connection a serial queue of its own, so that a blocking call of libpq never holds a thread of Swift's
/// pool, which has only as many as there are cores. (`DispatchSerialQueue` does not exist on Linux.)
final class ConnectionExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "hookgate.postgres.connection")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
