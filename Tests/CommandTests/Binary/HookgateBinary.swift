import FoundationEssentials
import HookgateCommands
import Subprocess
import SystemPackage

/// The built `hookgate` as a person runs it: arguments in; exit code, standard output and standard error out.
struct HookgateBinary {
    struct Ending {
        let exitCode: Int32?
        let output: String
        let complaint: String
    }

    /// What the process sees of the environment: nothing of the machine's own settings.
    private let environment: [Environment.Key: String]

    init(databaseURL: String? = nil, dataDirectory: String? = nil, settings: [String: String] = [:]) {
        var environment: [Environment.Key: String] = [
            "PATH": "/usr/bin:/bin", "HOME": dataDirectory ?? "/nonexistent", "LOG_LEVEL": "info",
        ]
        if let databaseURL { environment["DATABASE_URL"] = databaseURL }
        if let dataDirectory { environment["HOOKGATE_DATA_DIR"] = dataDirectory }
        for (name, value) in settings { environment[Environment.Key(stringLiteral: name)] = value }
        self.environment = environment
    }

    func run(_ arguments: String..., input: String = "") async throws -> Ending {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String = "") async throws -> Ending {
        let result = try await Subprocess.run(
            .path(Self.path), arguments: Arguments(arguments), environment: .custom(environment),
            input: .string(input), output: .string(limit: 8 << 20), error: .string(limit: 8 << 20))
        return Ending(
            exitCode: Self.exitCode(result.terminationStatus), output: result.standardOutput,
            complaint: result.standardError)
    }

    /// Runs `hookgate serve` while `body` works, then ends it with a signal.
    /// - Parameters:
    ///   - address: as `body` of an earlier one was told it; nil for a free port.
    ///   - arguments: further ones.
    ///   - log: the file that its standard error is appended to.
    /// - Returns: its exit code; nil if the signal ended it.
    func serving(
        at address: String? = nil, _ arguments: [String] = [], log: String = "/dev/null",
        endingWith signal: Signal = .terminate, _ body: (_ address: String) async throws -> Void
    ) async throws -> Int32? {
        let listen = address?.replacing("http://", with: "") ?? "127.0.0.1:0"
        let command = #"log=$1; shift; exec "$0" serve --listen \#(listen) "$@" 2>>"$log""#
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: Arguments(["-c", command, Self.path.string, log] + arguments),
            environment: .custom(environment),
            input: .none, output: .sequence, error: .discarded
        ) { gateway in
            var address: String?
            for try await line in gateway.standardOutput.strings() {
                address = line.firstRange(of: "http://").map {
                    String(line[$0.lowerBound...].prefix { !$0.isWhitespace })
                }
                if address != nil { break }
            }
            guard let address else { throw NeverListened() }
            try await body(address)
            try gateway.send(signal: signal)
        }
        return Self.exitCode(result.terminationStatus)
    }

    /// Runs `hookgate serve` with its standard output in a pipe while `body` works, and shows each line that comes through to
    /// `reading`, until that wants no more: then it is ended. Where it listens is read from its standard error.
    /// - Parameter log: the file for its standard error.
    func piping(
        log: String, _ body: (_ address: String) async throws -> Void,
        reading: (_ address: String, _ line: String) async throws -> Bool
    ) async throws {
        let command = #"exec "$0" serve --listen 127.0.0.1:0 2>"$1""#
        _ = try await Subprocess.run(
            .path("/bin/sh"), arguments: Arguments(["-c", command, Self.path.string, log]),
            environment: .custom(environment), input: .none, output: .sequence, error: .discarded
        ) { gateway in
            var found: String?
            _ = try await OneIntegration.time {
                let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                found = said.firstRange(of: "listens on ").map {
                    String(said[$0.upperBound...].prefix { !$0.isWhitespace })
                }
                return found != nil
            }
            guard let address = found else { throw NeverListened() }
            try await body(address)
            for try await line in gateway.standardOutput.strings() {
                guard try await reading(address, line) else { break }
            }
            try gateway.send(signal: .terminate)
        }
    }

    /// Runs a command and kills it with SIGKILL after so many lines of output.
    /// - Returns: its exit code if it was quicker; nil if it was killed.
    func run(_ arguments: [String], killingAfterLines lines: Int) async throws -> Int32? {
        var count = 0
        return try await watching(arguments, endingWith: .kill, goesOnAtOnce: lines > 0) { _ in
            count += 1
            return count < lines
        }
    }

    /// Runs a command and shows each line that it writes, standard error included, to `body`, until that wants no
    /// more: then it gets a signal.
    /// - Returns: its exit code; nil if the signal ended it.
    func watching(
        _ arguments: [String], endingWith signal: Signal = .terminate, goesOnAtOnce: Bool = true,
        _ body: (String) async throws -> Bool
    ) async throws -> Int32? {
        let result = try await Subprocess.run(
            .path(Self.path), arguments: Arguments(arguments), environment: .custom(environment),
            input: .none, output: .sequence, error: .combinedWithOutput
        ) { process in
            guard goesOnAtOnce else { return try process.send(signal: signal) }
            for try await line in process.standardOutput.strings() {
                guard try await body(line) else {
                    // It may have ended by itself in the meantime.
                    try? process.send(signal: signal)
                    break
                }
            }
        }
        return Self.exitCode(result.terminationStatus)
    }

    /// Runs a command on a terminal of its own.
    /// - Returns: all that the terminal got, standard error included.
    func runOnTerminal(_ arguments: [String]) async throws -> String {
        let command = ([Self.path.string] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let result = try await Subprocess.run(
            .path("/usr/bin/script"), arguments: ["-qec", command, "/dev/null"], environment: .custom(environment),
            input: .none, output: .string(limit: 8 << 20), error: .discarded)
        return result.standardOutput
    }

    /// Beside the test runner, where SwiftPM puts it.
    private static let path: FilePath = {
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return FilePath(runner).removingLastComponent().appending("hookgate")
    }()

    private static func exitCode(_ status: TerminationStatus) -> Int32? {
        if case .exited(let code) = status { code } else { nil }
    }
}

/// The gateway ended before it said where it listens.
struct NeverListened: Error {}
