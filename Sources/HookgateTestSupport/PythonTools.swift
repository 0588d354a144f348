import FoundationEssentials
import Subprocess

/// The Python in which the packages of `Tests/Python/requirements.txt` are: opinions that are not ours.
package enum PythonTools {
    // A task, so that it is prepared once in a run however many tests ask.
    private static let interpreter = Task<String, any Error> {
        let root = Fixtures.directory.deletingLastPathComponent().deletingLastPathComponent()
        let result = try await run(["bash", root.appending(path: "scripts/python-tools").path])
        guard let path = result.split(separator: "\n").last else {
            throw TestSupportError("scripts/python-tools named no Python")
        }
        return String(path)
    }

    /// Runs a script of `Tests/Python`.
    /// - Returns: what it printed.
    package static func run(_ script: String, input: String) async throws -> String {
        let path = Fixtures.directory.deletingLastPathComponent().appending(path: "Python/\(script)").path
        return try await run([try await interpreter.value, path], input: input)
    }

    private static func run(_ command: [String], input: String = "") async throws -> String {
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments(command), input: .string(input), output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw TestSupportError("\(command[1]) failed: \(result.standardError)")
        }
        return result.standardOutput
    }
}
