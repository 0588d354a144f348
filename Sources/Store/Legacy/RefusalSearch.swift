import HookgateCore
import PostgresClient

/// Finds the rows of a batch that the database does not take, and gets the others through.
enum RefusalSearch {
    /// The index of the instance names.
    static let instanceIndex = "hookgate_integrations_instance"

    /// - Parameter commit: writes instances in one transaction and returns the names that it wrote.
    static func write(
        _ batch: [PlannedInstance], commit: ([PlannedInstance]) async throws -> Set<InstanceName>
    ) async throws -> BatchOutcome {
        do {
            return BatchOutcome(written: try await commit(batch))
        } catch let error as PostgresError where error.refusesData {
            // Some row of it breaks a rule of this database. Halving finds it, and the others get through.
            if batch.count == 1, let instance = batch.first {
                // Somebody was quicker with an integration of this very name: overtaken, and planned anew.
                if error.constraint == instanceIndex { return BatchOutcome() }
                return BatchOutcome(refused: [instance.name: error.rule])
            }
            let middle = batch.count / 2
            var outcome = try await write(Array(batch[..<middle]), commit: commit)
            outcome.merge(try await write(Array(batch[middle...]), commit: commit))
            return outcome
        }
    }

    /// A rule as reports name it.
    static func rule(constraint: String) -> String { "constraint \(constraint)" }
}

extension PostgresError {
    /// Whether the server understood and said no to what was to be written: a constraint, a type, a trigger.
    fileprivate var refusesData: Bool {
        guard let sqlState else { return false }
        return ["22", "23", "P0"].contains { sqlState.hasPrefix($0) }
    }

    /// What refused it, without any value.
    fileprivate var rule: String {
        constraint.map(RefusalSearch.rule) ?? "SQLSTATE \(sqlState ?? "unknown")"
    }
}
