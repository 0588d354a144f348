import ArgumentParser
import PostgresClient

/// A command that ends with one of our exit codes and says its errors in one place.
protocol Verb: AsyncParsableCommand {
    /// Does the work. What is thrown is printed to standard error as one sentence and becomes exit code 1,
    /// unless it is a ``CommandFailure`` that asks for another.
    func perform() async throws -> ExitStatus
}

extension Verb {
    func run() async throws {
        let status: ExitStatus
        do {
            status = try await perform()
        } catch let failure as CommandFailure {
            StandardStream.error.line("hookgate: \(ArgumentMask.ofProcess.masked(failure.description))")
            status = failure.status
        } catch let error where error is ExitCode || error is ValidationError || error is CleanExit {
            throw error
        } catch {
            StandardStream.error.line(
                "hookgate: \(ArgumentMask.ofProcess.masked("\(error)"))\(Self.advice(on: error))")
            status = .failed
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// A database from before a table or column of ours was needs one command.
    private static func advice(on error: any Error) -> String {
        let missing: Set<String?> = ["42P01", "42703", "3F000"]
        let question = "Is the schema there? See: hookgate schema status"
        guard let error = error as? PostgresError, missing.contains(error.sqlState) else { return "" }
        return "\(error)".hasSuffix(".") ? " \(question)" : ". \(question)"
    }
}
