import Subprocess
import Synchronization

/// A server that ends when we do. A shell program owns it from start to end in a process of its own, which outlives
/// ours by a moment: when our end of its standard input closes, however we died, it stops the server.
///
/// The program speaks in lines that begin with `hookgate:`, then `socket FOLDER`, `ready` or `failed REASON`. After
/// `ready` it reads standard input to its end, and then stops the server. Its other lines are kept for the reason.
package final class ServerProcess: Sendable {
    private static let marker = "hookgate:"
    private static let keptLines = 20

    private let name: String
    private let command: [String]
    private let stopSignal = AsyncStream.makeStream(of: Never.self)
    private let running = Mutex<Task<Void, Never>?>(nil)

    /// `name` stands in error messages; the program gets `arguments` as `$1`, `$2`, ….
    package init(_ name: String, program: String, arguments: [String], user: ServerUser) {
        self.name = name
        command = user.command(["sh", "-c", program, "hookgate-\(name)"] + arguments)
    }

    deinit {
        stopSignal.continuation.finish()
    }

    /// Returns the socket's folder once the server takes connections.
    package func start() async throws -> String {
        let (reports, report) = AsyncStream.makeStream(of: Result<String, PrivateClusterError>.self)
        // Not tied to the caller's task: the server lives until it is stopped, not until its starter returns.
        let task = Task { [name, command, stopped = stopSignal.stream] in
            do {
                try await Self.run(name, command, stopped, report)
            } catch {
                report.yield(.failure(PrivateClusterError("The program that runs \(name) failed: \(error)")))
            }
            report.finish()
        }
        running.withLock { $0 = task }
        for await result in reports { return try result.get() }
        await stop()
        throw PrivateClusterError("The start of \(name) was interrupted.")
    }

    /// Returns when the server has ended.
    package func stop() async {
        stopSignal.continuation.finish()
        await running.withLock { $0 }?.value
    }

    private static func run(
        _ name: String, _ command: [String], _ stopped: AsyncStream<Never>,
        _ report: AsyncStream<Result<String, PrivateClusterError>>.Continuation
    ) async throws {
        var options = PlatformOptions()
        // In a session of its own, so that Ctrl-C in a terminal reaches us and not the server.
        options.createSession = true
        _ = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
            // None of our PG… variables may reach the server's programs.
            environment: .custom(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]),
            platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            var socket: String?
            var isReady = false
            var said: [String] = []
            for try await line in execution.standardOutput.strings() {
                guard line.hasPrefix(marker) else {
                    said = said.suffix(keptLines - 1) + [line]
                    continue
                }
                let words = line.dropFirst(marker.count)
                if words.hasPrefix("socket ") { socket = String(words.dropFirst("socket ".count)) }
                if words.hasPrefix("failed ") {
                    let reason = ([String(words.dropFirst("failed ".count))] + said).joined(separator: "\n")
                    report.yield(.failure(PrivateClusterError("\(name) cannot be started: \(reason)")))
                }
                if words == "ready", let socket {
                    report.yield(.success(socket))
                    isReady = true
                    break
                }
            }
            if isReady { for await _ in stopped {} }
            try await execution.standardInputWriter.finish()
        }
    }
}
