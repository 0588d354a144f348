import FoundationEssentials
import HookgateCore
import PostgresClient

/// Tries batches on the copies. Rows that were taken stay on them, so that a later batch can collide with an earlier.
struct PostgresRehearsalStage: RehearsalStage {
    private static let savepoint = "hookgate_batch"

    let connection: PostgresConnection
    let copy: RehearsalCopy
    let now: Date

    func refusals(of batch: [PlannedInstance]) async throws -> [InstanceName: String] {
        guard !batch.isEmpty else { return [:] }
        var refused: [InstanceName: String] = [:]
        let outcome = try await RefusalSearch.write(batch) { part in
            let found = try await attempt(part)
            refused.merge(found) { first, _ in first }
            return Set(part.map(\.name))
        }
        return outcome.refused.merging(refused) { first, _ in first }
    }

    /// Writes instances on the copies, all or none, and returns those that only the real tables would refuse.
    private func attempt(_ batch: [PlannedInstance]) async throws -> [InstanceName: String] {
        try await connection.execute(script: "SAVEPOINT \(Self.savepoint); TRUNCATE \(RehearsalCopy.target.journal)")
        do {
            try await write(batch)
            let refused = try await standingRefusals()
            try await connection.execute(script: "RELEASE SAVEPOINT \(Self.savepoint)")
            return refused
        } catch let error as PostgresError where error.sqlState != nil {
            try await connection.execute(
                script: "ROLLBACK TO SAVEPOINT \(Self.savepoint); RELEASE SAVEPOINT \(Self.savepoint)")
            throw error
        }
    }

    private func write(_ batch: [PlannedInstance]) async throws {
        let existing = batch.compactMap { planned in
            if case .update(let row, _, _) = planned.action { row.id.uuid } else { nil }
        }
        if !existing.isEmpty, let takeOver = copy.takeOver { try await connection.query(takeOver, [existing]) }
        let run = RunID(UUID())
        for statement in [
            WriteStatement.insert(batch, run: run, now: now, into: RehearsalCopy.target),
            try .update(batch, run: run, now: now, seal: .thrownAway, into: RehearsalCopy.target),
        ] {
            guard let statement else { continue }
            try await connection.query(statement.sql, statement.parameters)
        }
    }

    /// Holds the batch against the rows that stand in the real tables, and takes what collides off the copy again.
    private func standingRefusals() async throws -> [InstanceName: String] {
        guard !copy.checks.isEmpty else { return [:] }
        // A page against a table of any size: by index, whatever the planner thinks of tables without statistics.
        try await Self.set(["enable_hashjoin", "enable_mergejoin", "enable_seqscan"], "off", on: connection)
        var refused: [InstanceName: String] = [:]
        var ids: [UUID] = []
        for check in copy.checks {
            for row in try await connection.query(check.sql) {
                let name = InstanceName(try row.decode("instance_name"))
                ids.append(try row.decode("id"))
                if refused[name] == nil { refused[name] = RefusalSearch.rule(constraint: check.constraint) }
            }
        }
        try await Self.set(["enable_hashjoin", "enable_mergejoin", "enable_seqscan"], "default", on: connection)
        if !ids.isEmpty {
            try await connection.query(
                "DELETE FROM \(RehearsalCopy.target.integrations) WHERE id = ANY ($1::uuid[])", [ids])
        }
        return refused
    }

    private static func set(_ names: [String], _ value: String, on connection: PostgresConnection) async throws {
        try await connection.execute(script: names.map { "SET LOCAL \($0) = \(value)" }.joined(separator: "; "))
    }
}
