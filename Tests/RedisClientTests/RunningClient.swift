import HookgateTestSupport
import RedisClient
import Synchronization
import Testing

/// A client that runs while a test works with it, and whose changes the test can wait for.
final class RunningClient: Sendable {
    let client: RedisClient
    private let changes: Milestone
    private let log: StatusLog

    private init(_ address: RedisAddress, _ options: RedisOptions) {
        let changes = Milestone()
        let log = StatusLog()
        self.changes = changes
        self.log = log
        self.client = RedisClient(address, options: options) { status in
            log.add(status)
            changes.reach()
        }
    }

    /// For tests that are not about time: a busy machine may need more of it than a gateway would give.
    static var patient: RedisOptions {
        var options = RedisOptions()
        options.connectTimeout = .seconds(10)
        options.commandTimeout = .seconds(10)
        return options
    }

    /// Every status so far, in order.
    var statuses: [RedisClient.Status] { self.log.all }

    static func run<T: Sendable>(
        _ url: String, options: RedisOptions = patient, _ body: @Sendable (RunningClient) async throws -> T
    ) async throws -> T {
        let running = RunningClient(try RedisAddress(url), options)
        let task = Task { await running.client.run() }
        do {
            let value = try await body(running)
            task.cancel()
            await task.value
            return value
        } catch {
            task.cancel()
            await task.value
            throw error
        }
    }

    func expectEcho(_ text: String) async throws {
        let reply = try await self.client.send(RedisCommand("ECHO", text))
        #expect(reply.text == text)
    }

    /// Returns once the client's status is one that satisfies the condition.
    func wait(until condition: (RedisClient.Status) -> Bool) async {
        var seen = 0
        while !condition(self.client.status) {
            seen += 1
            await self.changes.wait(for: seen)
        }
    }

    func waitUntilConnected() async { await self.wait { $0 == .connected } }

    func waitUntilLost() async {
        await self.wait {
            if case .lost = $0 { true } else { false }
        }
    }
}

private final class StatusLog: Sendable {
    private let statuses = Mutex<[RedisClient.Status]>([])
    var all: [RedisClient.Status] { self.statuses.withLock { $0 } }
    func add(_ status: RedisClient.Status) { self.statuses.withLock { $0.append(status) } }
}
