package import HookgateCore
package import RedisClient
import Synchronization

/// Adds events to Redis streams that workers read: one stream for each shard, each bounded.
///
/// All events of a chat are in one stream, in order. A stream's key is `PREFIX:SHARD`; an entry's fields are `id`,
/// `kind`, `format`, `body`, and `organization_id`, `clinic_id`, `integration_id` and `orphan` where they say something.
package final class RedisStreamSender: Sendable {
    /// Addresses that are connected to; more would be a mistake of the configuration.
    private static let mostServers = 16

    /// A server's client, and whether it ever had an answer.
    private struct Server: Sendable {
        let client: RedisClient
        let firstStatus: FirstStatus
    }

    private struct State {
        var servers: [String: Server] = [:]
    }

    private let operatorsAddress: RedisAddress?
    private let state = Mutex(State())
    private let newServers = AsyncStream.makeStream(of: RedisClient.self)

    /// - Parameter operatorsAddress: `REDIS_URL`, which an empty address of a destination stands for.
    package init(operatorsAddress: RedisAddress?) {
        self.operatorsAddress = operatorsAddress
    }

    /// Keeps connections until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await client in newServers.stream { group.addTask { await client.run() } }
            group.cancelAll()
        }
    }

    func send(
        _ content: DeliveryContent, of task: DeliveryTask, to target: RedisStreamTarget
    ) async -> AttemptResult {
        // Whoever may not name private addresses may not name servers of the operator's network either.
        guard target.address.isEmpty || task.destination.trust == .operator else { return .forbiddenAddress }
        guard let server = server(target.address) else { return .unsendable(.invalidAddress) }
        return await Attempt.run(within: task.destination.timeout) { attempt in
            await server.firstStatus.wait()
            do throws(RedisError) {
                _ = try await server.client.send(Self.command(content, of: task, to: target))
                attempt.finish(.delivered(status: nil))
            } catch {
                attempt.finish(Self.result(error))
            }
        }
    }

    private func server(_ address: String) -> Server? {
        state.withLock { state in
            if let server = state.servers[address] { return server }
            let read = address.isEmpty ? operatorsAddress : try? RedisAddress(address)
            guard let read, state.servers.count < Self.mostServers else { return nil }
            var options = RedisOptions()
            // A body may have many megabytes, and its write is waited for by nobody but this attempt.
            options.commandTimeout = .seconds(5)
            let firstStatus = FirstStatus()
            let client = RedisClient(read, options: options) { _ in firstStatus.arrived() }
            let server = Server(client: client, firstStatus: firstStatus)
            state.servers[address] = server
            newServers.continuation.yield(client)
            return server
        }
    }

    private static func command(
        _ content: DeliveryContent, of task: DeliveryTask, to target: RedisStreamTarget
    ) -> RedisCommand {
        let event = task.event
        let fields: [(String, String?)] = [
            ("id", event.id.text), ("kind", event.kind.map(EventName.normalised) ?? "unknown"),
            ("format", task.destination.format.rawValue), ("organization_id", event.organizationID?.text),
            ("clinic_id", event.clinicID?.text), ("integration_id", event.integrationID?.text),
            ("orphan", task.isOrphan ? "true" : nil),
            // JSON that was accepted is UTF-8.
            ("body", String(decoding: content.body, as: UTF8.self)),
        ]
        let shard = StreamShard.number(of: event, among: target.shards)
        return RedisCommand(
            ["XADD", "\(target.prefix):\(shard)", "MAXLEN", "~", "\(target.maximumLength)", "*"]
                + fields.flatMap { name, value in value.map { [name, $0] } ?? [] })
    }

    private static func result(_ error: RedisError) -> AttemptResult {
        switch error {
        case .unavailable: .connectionFailed(.unreachable)
        case .timedOut: .timedOut
        case .connectionLost: .connectionFailed(.reset)
        case .violation: .connectionFailed(.protocolViolation)
        case .saturated, .refused: .connectionFailed(.other)
        }
    }
}

/// Which stream an event belongs to.
package enum StreamShard {
    /// The same in every process and release, so that a chat stays in its stream: FNV-1a over the integration and the
    /// chat, or over the integration alone for an event of no chat.
    package static func number(of event: DeliveryEvent, among shards: Int) -> Int {
        let text = "\(event.integrationID?.text ?? event.instanceName?.text ?? "")|\(event.chat ?? "")"
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        return Int(hash % UInt64(max(1, shards)))
    }
}

/// Lets the first commands for a server wait until it is known whether there is a connection.
private final class FirstStatus: Sendable {
    private struct State {
        var isKnown = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    func arrived() {
        let waiters = state.withLock { state in
            state.isKnown = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isKnown || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
