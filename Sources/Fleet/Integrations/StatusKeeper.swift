package import FoundationEssentials
package import HookgateCore
import Synchronization

/// Keeps the statuses of integrations, for as long as a gateway runs: takes in the events that tell of connections as
/// they are stored, asks the Evolution servers now and then, and goes on with creations and deletions that were left
/// half done. Of all gateways on one database one does it.
///
/// An Evolution server that does not answer changes no status: what it would have said is not known.
package final class StatusKeeper: Sendable {
    package struct Settings: Sendable {
        /// How often events are looked for.
        package var look = Duration.seconds(2)
        /// How often servers are asked; nil for never.
        package var pollInterval: TimeInterval? = 300
        /// How often what is half done is gone on with.
        package var resumeInterval: TimeInterval = 30
        package var eventBatch = 200
        package var pollBatch = 200
        /// So many instances are asked one by one in a round: those whose list says something new.
        package var mostAsked = 500

        package init() {}
    }

    /// Longer than any one step between two takings. Going on with what is half done may take longer: each instance has
    /// a lock of its own.
    private static let turn: TimeInterval = 120

    private let ledger: any StatusLedger
    private let servers: ServerSet
    private let settings: Settings
    private let machine = StatusMachine()
    private let read: @Sendable ([UInt8]) -> EventReading?
    private let resume: @Sendable () async throws -> Int
    private let isReady: @Sendable () -> Bool
    private let time: TimeSource
    private let sleep: @Sendable (Duration) async throws -> Void
    /// From 0 to 1.
    private let jitter: @Sendable () -> Double
    private let state = Mutex(StatusKeeperStatus())

    /// - Parameters:
    ///   - read: what an event's body says of a connection.
    ///   - resume: goes on with what is half done.
    ///   - isReady: whether the schema is there.
    package init(
        ledger: any StatusLedger, servers: [any EvolutionServer], settings: Settings = Settings(),
        read: @escaping @Sendable ([UInt8]) -> EventReading?, resume: @escaping @Sendable () async throws -> Int,
        isReady: @escaping @Sendable () -> Bool = { true }, time: TimeSource = .system,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.ledger = ledger
        self.servers = ServerSet(servers)
        self.settings = settings
        self.read = read
        self.resume = resume
        self.isReady = isReady
        self.time = time
        self.jitter = jitter
        self.sleep = sleep
    }

    package var status: StatusKeeperStatus { state.withLock { $0 } }

    /// Looks until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            if isReady() { await look() }
            // Not all gateways of a fleet at the same moment.
            guard (try? await sleep(settings.look * (0.5 + jitter()))) != nil else { return }
        }
    }

    /// One look: what there is to do, if it is ours to do.
    package func look() async {
        do {
            guard try await takeTurn() else { return }
            try await takeIn()
            let now = time.now
            if let interval = settings.pollInterval, state.withLock({ $0.isPollDue(at: now) }) {
                try await poll()
                let pause = interval * (0.8 + 0.4 * jitter())
                state.withLock { $0.polled(at: now, nextAt: now.addingTimeInterval(pause)) }
            }
            if state.withLock({ $0.isResumeDue(at: now, every: settings.resumeInterval) }) {
                let ended = try await resume()
                state.withLock { $0.resumed(ended) }
            }
            state.withLock { $0.lastFailure = nil }
        } catch {
            guard !(error is CancellationError), !Task.isCancelled else { return }
            state.withLock { $0.failed("\(error)") }
        }
    }

    private func takeTurn() async throws -> Bool {
        let isOurs = try await ledger.takeTurn(for: Self.turn, at: time.now)
        state.withLock { $0.turn(isOurs) }
        return isOurs
    }

    private func takeIn() async throws {
        let machine = machine
        while !Task.isCancelled {
            let intake = try await ledger.takeIn(limit: settings.eventBatch, read: read) {
                machine.observe($0, of: $1)
            }
            state.withLock { $0.count(intake) }
            if intake.taken < settings.eventBatch { return }
            guard try await takeTurn() else { return }
        }
    }

    // MARK: Asking the servers

    /// What the servers list is taken for a hint; an instance whose list says something new is asked itself.
    package func poll() async throws {
        let (listed, unanswered) = await servers.listed()
        let round = PollRound(listed: listed, unanswered: Set(unanswered.map(\.name)))
        var budget = settings.mostAsked
        var last: IntegrationID?
        while !Task.isCancelled, !servers.all.isEmpty {
            let page = try await ledger.pollable(after: last, limit: settings.pollBatch)
            var observations: [IntegrationID: StatusObservation] = [:]
            for integration in page where round.isNews(integration) && budget > 0 {
                budget -= 1
                // Servers that answer late shall not let the turn lapse.
                guard try await takeTurn() else { return }
                let seenAt = time.now
                guard let signal = await signal(of: integration, round) else { continue }
                observations[integration.standing.integrationID] = StatusObservation(
                    signal, seenAt: seenAt, source: .poll)
            }
            let machine = machine
            let intake = try await ledger.settle(observations) { machine.observe($0, of: $1) }
            state.withLock { $0.count(intake) }
            last = page.last?.standing.integrationID
            guard page.count == settings.pollBatch, try await takeTurn() else { break }
        }
        let counts = try await ledger.counts()
        state.withLock { $0.found(counts, sharedNumbers: round.sharedNumbers, unanswered: unanswered.count) }
    }

    /// Nil where nothing is certain.
    private func signal(of integration: PollableIntegration, _ round: PollRound) async -> StatusSignal? {
        switch await servers.place(of: integration.instance, on: integration.server) {
        case .unknown, .several: return nil
        case .nowhere: return .missing
        case .on(let server, let connection):
            switch connection {
            case .open: return .open(round.owner(of: integration.instance, on: server.name))
            case .connecting: return .connecting
            case .closed: return .closed(reason: nil)
            case .notLoaded: return .notLoaded
            case .other:
                state.withLock { $0.unknownWords += 1 }
                return nil
            }
        }
    }
}

/// What all servers listed at one time.
struct PollRound: Sendable {
    private let instances: [InstanceName: [(server: String, instance: EvolutionInstance)]]
    private let unanswered: Set<String>
    /// Numbers that more than one instance is logged in with.
    let sharedNumbers: Int

    init(listed: [(server: String, instance: EvolutionInstance)], unanswered: Set<String>) {
        self.instances = Dictionary(grouping: listed) { $0.instance.name }
        self.unanswered = unanswered
        let owners = listed.filter { [.open, .connecting].contains($0.instance.connection) }
            .compactMap(\.instance.owner)
        self.sharedNumbers = Dictionary(grouping: owners) { $0 }.values.count { $0.count > 1 }
    }

    func owner(of name: InstanceName, on server: String) -> PhoneNumber? {
        instances[name]?.first { $0.server == server }?.instance.owner
    }

    /// Whether asking for it could bring something that is not known yet.
    func isNews(_ integration: PollableIntegration) -> Bool {
        if let server = integration.server, unanswered.contains(server) { return false }
        let standing = integration.standing
        guard let entry = instances[integration.instance]?.first else {
            // A server that did not answer may have it.
            return unanswered.isEmpty && standing.reason != .instanceMissing && standing.reason != .removed
        }
        switch entry.instance.connection {
        case .open:
            let isNamed = entry.instance.owner == nil || entry.instance.owner == standing.phone
            return standing.status != .active || standing.doubtedSince != nil || !isNamed
        case .connecting: return standing.status != .error || standing.reason != .stuck
        case .closed:
            return standing.status == .active || standing.status == nil || standing.reason == .instanceMissing
                || standing.reason == .notLoaded || standing.reason == .connecting
                || standing.reason == .connectionLost || standing.reason == .removed
        case .notLoaded: return standing.reason != .notLoaded
        case .other: return true
        }
    }
}
