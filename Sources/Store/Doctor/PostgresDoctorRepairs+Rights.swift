import FoundationEssentials
import HookgateCore
import PostgresClient

/// Takes back what the table's owner granted. What another role granted, or a view shows, is a person's to take.
extension PostgresDoctorRepairs {
    private struct Taken: Encodable {
        let taken: [String]
    }

    func rightsToTake() async throws -> DoctorChange {
        let rows = try await pool.transaction(.snapshot) { try await openRights(on: $0) }
        return DoctorChange(fix: .closeTokenColumns, total: rows.count, rows: rows)
    }

    func takeRights(at now: Date) async throws -> DoctorChange {
        try await writing { connection in
            let before = try await openRights(on: connection)
            guard !before.isEmpty else { return DoctorChange(fix: .closeTokenColumns, total: 0, rows: []) }
            let schema = try await connection.query(
                "SELECT to_regprocedure('hookgate.close_token_columns()') IS NOT NULL AS present")
            guard try schema.first?.decode("present") == true else {
                throw DoctorFixError.schemaMissing(.closeTokenColumns)
            }
            try await connection.query("SELECT hookgate.close_token_columns()")
            let left = Set(try await openRights(on: connection).map(\.subject))
            let taken = before.filter { !left.contains($0.subject) }
            if !taken.isEmpty {
                try await journal(.closeTokenColumns, Taken(taken: taken.map(\.subject)), at: now, on: connection)
            }
            return DoctorChange(fix: .closeTokenColumns, total: taken.count, rows: taken)
        }
    }

    private func openRights(on connection: PostgresConnection) async throws -> [DoctorChange.Row] {
        try await found(limit: 100, on: connection, \.readableTokens).items
            .filter { $0.fact("place") == DoctorCatalog.integrations }
            .map { item in
                DoctorChange.Row(
                    subject: item.subject, field: "right to read",
                    before: item.fact("columns") ?? "token columns", after: "none")
            }
    }
}
