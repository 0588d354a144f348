import Subprocess
import Synchronization

/// Runs the program of `PrivateClusterScript` and speaks with it: its first lines say whether the server stands, and
/// closing its standard input ends the server.
final class Watchdog: Sendable {
    private static let longestSocketPath = 107
    private static let keptLines = 20

    private let arguments: [String]
    private let user: ServerUser
    private let stopSignal = AsyncStream.makeStream(of: Never.self)
    private let running = Mutex<Task<Void, Never>?>(nil)

    init(options: PrivateClusterOptions, binaries: String, user: ServerUser) {
        let socket = "\(options.directory)/socket"
        let fits = socket.utf8.count + "/.s.PGSQL.5432".utf8.count <= Self.longestSocketPath
        let settings = options.settings.sorted { $0.key < $1.key }
            .map {
                "\($0.key) = '\($0.value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
            }
        // The socket's path has room for 107 bytes only; the program makes a short folder of its own for an empty one.
        arguments = [
            "-c", PrivateClusterScript.text, "hookgate-postgres", binaries, options.directory, fits ? socket : "",
            options.isTemporary ? "yes" : "", settings.joined(separator: "\n"),
        ]
        self.user = user
    }

    deinit {
        stopSignal.continuation.finish()
    }

    /// Returns the socket's folder once the server takes connections.
    func start() async throws -> String {
        let (reports, report) = AsyncStream.makeStream(of: Result<String, PrivateClusterError>.self)
        let task = Task { [arguments, user, stopped = stopSignal.stream] in
            // Not tied to the caller's task: the server lives until it is stopped, not until its starter returns.
            do {
                try await Self.run(arguments, user, stopped, report)
            } catch {
                report.yield(.failure(PrivateClusterError("The program that starts PostgreSQL failed: \(error)")))
            }
            report.finish()
        }
        running.withLock { $0 = task }
        for await result in reports { return try result.get() }
        await stop()
        throw PrivateClusterError("The start of PostgreSQL was interrupted.")
    }

    func stop() async {
        stopSignal.continuation.finish()
        await running.withLock { $0 }?.value
    }

    private static func run(
        _ arguments: [String], _ user: ServerUser, _ stopped: AsyncStream<Never>,
        _ report: AsyncStream<Result<String, PrivateClusterError>>.Continuation
    ) async throws {
        _ = try await Subprocess.run(
            .name("sh"), arguments: Arguments(arguments),
            environment: .custom(["PATH": "/usr/bin:/bin", "LC_ALL": "C"]),
            platformOptions: user.platformOptions, input: .inputWriter, output: .sequence,
            error: .discarded
        ) { execution in
            var socket: String?
            var isReady = false
            var said: [String] = []
            for try await line in execution.standardOutput.strings() {
                guard line.hasPrefix(PrivateClusterScript.marker) else {
                    said = said.suffix(keptLines - 1) + [line]
                    continue
                }
                let words = line.dropFirst(PrivateClusterScript.marker.count)
                if words.hasPrefix("socket ") { socket = String(words.dropFirst("socket ".count)) }
                if words.hasPrefix("failed ") {
                    let reason = ([String(words.dropFirst("failed ".count))] + said).joined(separator: "\n")
                    report.yield(.failure(PrivateClusterError("The private PostgreSQL cannot start: \(reason)")))
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
