import FoundationEssentials
import HookgateCore
import Subprocess
import SystemPackage

/// Runs the acts of the demo: real `hookgate` processes against the throw-away database, each shown as a person
/// would type it, and a tally of what had to hold.
final class DemoStage {
    private let executable: String
    /// Of the commands to come.
    private var environment: [Environment.Key: String]
    /// Where the commands run, and where the files that they are given lie.
    private let directory: String
    private var failures: [String] = []
    private(set) var holds = 0

    init(databaseURL: String, directory: String) throws {
        let dataDirectory = directory + "/data"
        self.directory = directory
        guard let executable = Self.ownPath() else {
            throw CommandFailure("Cannot find the path of this program; the demo starts it again for each command.")
        }
        self.executable = executable
        self.environment = [
            "DATABASE_URL": databaseURL,
            "HOOKGATE_DATA_DIR": dataDirectory,
            "HOOKGATE_PUBLIC_URL": "https://hooks.example.com",
            // With one, no first key is made and printed between the lines.
            "HOOKGATE_ADMIN_TOKEN": AccessSecret.random(.key).secretText,
            "LOG_LEVEL": "warning",
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": dataDirectory,
        ]
    }

    var failed: [String] { failures }

    /// Asks again for a minute at most: what goes on in other processes tells nobody when it is done.
    func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if try await holds() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    func heading(_ text: String) {
        StandardStream.output.line("")
        GuideLayout.banner(text).forEach(StandardStream.output.line)
    }

    func say(_ text: String) {
        StandardStream.output.line(text)
    }

    /// Writes a file for the commands to come, and shows it.
    func write(_ text: String, to name: String) throws {
        guard FileManager.default.createFile(atPath: directory + "/" + name, contents: Data(text.utf8)) else {
            throw CommandFailure("Cannot write \(name) in \(directory).")
        }
        StandardStream.output.write("\n$ cat \(name)\n\(text)")
    }

    /// Sets a variable for the commands to come, and shows it.
    func export(_ name: String, _ value: String, shownAs shown: String? = nil) {
        environment[Environment.Key(stringLiteral: name)] = value
        StandardStream.output.line("\n$ export \(name)=\(shown ?? value)")
    }

    /// Notes one thing that must hold, and shows whether it does.
    func expect(_ holds: Bool, _ fact: String) {
        if holds {
            self.holds += 1
        } else {
            failures.append(fact)
        }
        StandardStream.output.line("\(holds ? "✅" : "❌") \(fact)")
    }

    /// Runs one command to its end, shows it with its output, and checks its exit code.
    @discardableResult
    func hookgate(
        _ arguments: String..., ending expected: ExitStatus, showing: Bool = true, masking secret: WebhookToken? = nil
    ) async throws -> String {
        try await hookgate(arguments, ending: expected, showing: showing, masking: secret)
    }

    /// The same, with arguments that are put together.
    @discardableResult
    func hookgate(
        _ arguments: [String], ending expected: ExitStatus, showing: Bool = true, masking secret: WebhookToken? = nil
    ) async throws -> String {
        let shown = arguments.map { $0 == secret?.secretText ? $0.prefix(8) + "…" : Self.quoted($0) }
        StandardStream.output.line("\n$ hookgate \(shown.joined(separator: " "))")
        let result = try await Subprocess.run(
            .path(FilePath(executable)), arguments: Arguments(arguments),
            environment: .custom(environment), workingDirectory: FilePath(directory),
            output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
        let text = result.standardOutput
        if showing { StandardStream.output.write(text) }
        StandardStream.output.write(result.standardError)
        let code: Int32? =
            switch result.terminationStatus {
            case .exited(let code): code
            default: nil
            }
        expect(
            code == expected.rawValue,
            "exit code \(code.map(String.init) ?? "none (ended by a signal)"), expected \(expected.rawValue)")
        return text
    }

    /// Runs `hookgate serve` while `body` works, then ends it with SIGTERM and checks that it drained and left 0.
    func withGateway(_ body: (_ address: String) async throws -> Void) async throws {
        StandardStream.output.line("\n$ hookgate serve --listen 127.0.0.1:0 &")
        let result = try await Subprocess.run(
            .path(FilePath(executable)), arguments: ["serve", "--listen", "127.0.0.1:0"],
            environment: .custom(environment), input: .none, output: .sequence, error: .currentStandardError
        ) { gateway in
            var address: String?
            for try await line in gateway.standardOutput.strings() {
                StandardStream.output.line(line)
                address = Self.address(in: line)
                if address != nil { break }
            }
            guard let address else {
                throw CommandFailure("The gateway ended before it listened; see its words above.")
            }
            try await body(address)
            StandardStream.output.line("\n$ kill -TERM \(gateway.processIdentifier)")
            try gateway.send(signal: .terminate)
        }
        expect(
            result.terminationStatus == .exited(0),
            "the gateway answered what was in flight, shipped its spool and ended with exit code 0")
    }

    private static func address(in line: String) -> String? {
        guard let start = line.firstRange(of: "http://")?.lowerBound else { return nil }
        return String(line[start...].prefix { !$0.isWhitespace })
    }

    private static func quoted(_ argument: String) -> String {
        argument.contains(" ") ? "'\(argument)'" : argument
    }

    private static func ownPath() -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
