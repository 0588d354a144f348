import Synchronization

/// Sends webhooks and tries again as the release does: side by side and unordered, from memory alone.
final class DeliveryEngine: Sendable {
    struct Job: Sendable {
        let instance: String
        let event: String
        let url: String
        let headers: [(name: String, value: String)]
        let body: [UInt8]
        let policy: RetryPolicy
        let timeout: Duration?
    }

    private struct State {
        var lastID = 0
        var records: [Int: DeliveryRecord] = [:]
        var tasks: [Int: Task<Void, Never>] = [:]
    }

    private let sender: WebhookSender
    private let time: SimulatorTime
    private let options: SimulatorOptions
    private let state = Mutex(State())

    init(sender: WebhookSender, time: SimulatorTime, options: SimulatorOptions) {
        self.sender = sender
        self.time = time
        self.options = options
    }

    var records: [DeliveryRecord] {
        state.withLock { state in state.records.values.sorted { $0.id < $1.id } }
    }

    /// Begins to send; whoever must wait for the end is called back.
    func send(_ job: Job, whenSettled: (@Sendable () -> Void)? = nil) {
        let (id, isRoom) = state.withLock { state in
            state.lastID += 1
            let id = state.lastID
            let isRoom = state.tasks.count < options.mostPendingDeliveries
            state.records[id] = DeliveryRecord(
                id: id, instance: job.instance, event: job.event, url: job.url, body: job.body)
            if state.records.count > options.mostRecords { state.records[id - options.mostRecords] = nil }
            return (id, isRoom)
        }
        guard isRoom else {
            settle(id, .lost, whenSettled)
            return
        }
        state.withLock { state in
            // Nobody waits for a webhook: the server goes on, and a restart forgets it.
            state.tasks[id] = Task { [weak self] in
                guard let self else { return }
                self.settle(id, await self.attempts(id, job), whenSettled)
            }
        }
    }

    /// What a restart does: what waited is gone, and nobody is told.
    func forgetAll() {
        let tasks = state.withLock { state in Array(state.tasks.values) }
        for task in tasks { task.cancel() }
    }

    private func attempts(_ id: Int, _ job: Job) async -> DeliveryRecord.State {
        for attempt in 1...job.policy.attempts {
            if Task.isCancelled { return .lost }
            let status = await sender.post(job.body, to: job.url, headers: job.headers, timeout: job.timeout)
            if Task.isCancelled { return .lost }
            state.withLock { $0.records[id]?.attempts.append(status.map { .status($0) } ?? .failed) }
            if let status {
                if (200..<300).contains(status) { return .delivered }
                if job.policy.finalStatuses.contains(status) { return .givenUp }
            }
            guard attempt < job.policy.attempts else { break }
            let pause = job.policy.pause(after: attempt, jitter: options.jitter())
            guard (try? await time.sleep(pause)) != nil else { return .lost }
        }
        return .givenUp
    }

    private func settle(_ id: Int, _ end: DeliveryRecord.State, _ whenSettled: (@Sendable () -> Void)?) {
        let record = state.withLock { state in
            state.tasks[id] = nil
            state.records[id]?.state = end
            return state.records[id]
        }
        whenSettled?()
        if let record { options.whenSettled(record) }
    }
}
