import FoundationEssentials
package import HookgateCore
package import Logging
import Synchronization

/// Takes events from the inbox to where they go: lease → load → send → write → retry or park.
///
/// Any replica may run one. Each holds leases on partitions of chats, works on those alone, and writes what came of an
/// attempt before the next event of that chat begins. A crash at any moment repeats at most what was under way.
package final class DeliveryEngine: Sendable {
    struct State {
        var floor: DeliveryFloor
        var outcomes: [DeliveryOutcome] = []
        /// Outcomes that are being written.
        var writing = 0
        var counts = DeliveryCounts()
        var backlog: DeliveryBacklog?
        var lastFailure: String?
    }

    package let worker: WorkerID
    let settings: DeliverySettings
    let queue: any DeliveryQueue
    let sender: any DeliverySender
    let directory: any DestinationDirectory
    let time: TimeSource
    let logger: Logger
    let state: Mutex<State>
    let sleep: @Sendable (Duration) async throws -> Void
    let turns = Bell()
    let looks = Bell()
    let leases = Bell()
    let writes = Bell()

    package init(
        queue: any DeliveryQueue, sender: any DeliverySender, directory: any DestinationDirectory,
        settings: DeliverySettings = DeliverySettings(), worker: WorkerID = WorkerID(), time: TimeSource = .system,
        logger: Logger,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.worker = worker
        self.settings = settings
        self.queue = queue
        self.sender = sender
        self.directory = directory
        self.time = time
        self.logger = logger
        self.sleep = sleep
        self.state = Mutex(State(floor: DeliveryFloor(settings)))
    }

    /// Works until ``end()`` was called and what was under way is written; or until its task is cancelled, which leaves
    /// everything as a killed process would.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepLeases() }
            group.addTask { await self.load() }
            group.addTask { await self.write() }
            group.addTask { await self.queue.follow { self.heard($0) } }
            group.addTask { await self.followDirectory() }
            group.addTask { await self.tick(self.settings.renewal) { self.leases.ring() } }
            group.addTask { await self.tick(self.settings.pollInterval) { self.lookAround() } }
            group.addTask { await self.tick(self.settings.observationInterval) { await self.observe() } }
            for await _ in turns.rings {
                if hasEnded || Task.isCancelled { break }
                begin(takeTurns(), in: &group)
            }
            group.cancelAll()
        }
        guard !Task.isCancelled else { return }
        do {
            try await queue.giveBack(.all, of: worker, isEnding: true)
        } catch {
            failed("the leases of deliveries are not given back; others take over when they are over", error)
        }
    }

    /// Begins nothing more; ``run()`` returns when what is under way is written.
    package func end() {
        state.withLock { $0.floor.end() }
        turns.ring()
    }

    private var hasEnded: Bool {
        state.withLock { state in
            state.floor.isEnding && state.floor.underWay == 0 && state.outcomes.isEmpty && state.writing == 0
        }
    }

    // MARK: What is heard

    private func heard(_ notice: DeliveryNotice) {
        switch notice {
        case .workers: leases.ring()
        case .arrivals(let partitions):
            state.withLock { $0.floor.arrived(partitions) }
            looks.ring()
        }
    }

    private func lookAround() {
        state.withLock { $0.floor.lookAround() }
        looks.ring()
        // A destination's pause may be over.
        turns.ring()
    }

    private func followDirectory() async {
        for await _ in directory.changes {
            let now = time.now
            change { $0.directoryChanged(at: now, directory: directory.destination) }
            looks.ring()
        }
    }

    private func tick(_ interval: Duration, _ body: () async -> Void) async {
        while !Task.isCancelled {
            await body()
            guard (try? await sleep(interval)) != nil else { return }
        }
    }

    /// Changes the floor, and passes on what that decided and whose turn it became.
    func change(_ body: (inout DeliveryFloor) -> Void) {
        let hasOutcomes = state.withLock { state in
            body(&state.floor)
            state.outcomes += state.floor.takeDecided()
            return !state.outcomes.isEmpty
        }
        if hasOutcomes { writes.ring() }
        turns.ring()
    }

    // MARK: Leases

    private func keepLeases() async {
        for await _ in leases.rings {
            let now = time.now
            let until = now.addingTimeInterval(settings.lease)
            do {
                let share = try await queue.renew(worker, until: until, at: now)
                change { $0.renewed(share, until: until) }
                let left = state.withLock { $0.floor.takeLeft() }
                if !left.isEmpty { try await queue.giveBack(left, of: worker, isEnding: false) }
                looks.ring()
            } catch {
                failed("leases of deliveries are not renewed", error)
            }
        }
    }

    // MARK: Loading

    private func load() async {
        var pause = settings.firstPause
        for await _ in looks.rings {
            while let look = state.withLock({ $0.floor.wish(at: time.now) }), !Task.isCancelled {
                do {
                    let page = try await queue.lanes(look.wish)
                    change { $0.loaded(page, by: look, directory: directory.destination) }
                    recovered()
                    pause = settings.firstPause
                } catch {
                    failed("events that wait are not loaded for now", error)
                    guard (try? await sleep(pause * Double.random(in: 0.5...1))) != nil else { return }
                    pause = min(pause * 2, settings.longestPause)
                }
            }
        }
    }

    private func observe() async {
        do {
            let backlog = try await queue.backlog()
            let parked = state.withLock { state in
                defer { state.backlog = backlog }
                return state.counts.takeNewlyParked()
            }
            if parked > 0 {
                logger.error(
                    "❌ events are parked and wait for a person: hookgate events list --state parked",
                    metadata: ["events": "\(parked)"])
            }
        } catch {
            failed("what waits is not counted for now", error)
        }
    }

    // MARK: Failures of the queue

    func failed(_ message: Logger.Message, _ error: any Error) {
        guard !(error is CancellationError), !Task.isCancelled else { return }
        let isNews = state.withLock { state in
            defer { state.lastFailure = "\(error)" }
            state.counts.queueFailures += 1
            return state.lastFailure == nil
        }
        if isNews { logger.error(message, metadata: ["reason": "\(error)"]) }
    }

    func recovered() {
        let hadFailed = state.withLock { state in
            defer { state.lastFailure = nil }
            return state.lastFailure != nil
        }
        if hadFailed { logger.notice("events are delivered again") }
    }
}
