import FoundationEssentials
import PostgresClient

/// What a database says was applied to it, and the writing of that.
struct SchemaLedger {
    struct Record {
        let name: String
        let isBuiltIn: Bool
        let checksum: [UInt8]
        let appliedAt: Date
        let isComplete: Bool
    }

    /// False in a database that has no schema of ours yet.
    let exists: Bool
    /// Newest first. Runs of files given by hand beyond the latest hundred are left out.
    let records: [Record]

    static func read(_ executor: any PostgresExecutor) async throws(PostgresError) -> SchemaLedger {
        let present = try await executor.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'hookgate' AND c.relname = 'schema_migrations') AS present
            """)
        guard try present.first?.decode("present", as: Bool.self) == true else {
            return SchemaLedger(exists: false, records: [])
        }
        let rows = try await executor.query(
            """
            SELECT name, kind = 'built-in' AS is_built_in, checksum, applied_at, is_complete
            FROM hookgate.schema_migrations
            WHERE kind = 'built-in' OR id IN (
                SELECT id FROM hookgate.schema_migrations WHERE kind = 'file' ORDER BY id DESC LIMIT 100)
            ORDER BY id DESC
            """)
        var records: [Record] = []
        for row in rows {
            records.append(
                Record(
                    name: try row.decode("name"), isBuiltIn: try row.decode("is_built_in"),
                    checksum: try row.decode("checksum"), appliedAt: try row.decode("applied_at"),
                    isComplete: try row.decode("is_complete")))
        }
        return SchemaLedger(exists: true, records: records)
    }

    static func write(
        _ file: SchemaFile, isBuiltIn: Bool, at now: Date, took duration: Duration, isComplete: Bool,
        _ executor: any PostgresExecutor
    ) async throws(PostgresError) {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        try await executor.query(
            """
            INSERT INTO hookgate.schema_migrations (name, kind, checksum, applied_at, duration_ms, is_complete)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (name) WHERE kind = 'built-in' DO UPDATE SET
                applied_at = excluded.applied_at, duration_ms = excluded.duration_ms, is_complete = excluded.is_complete
            """,
            [file.name, isBuiltIn ? "built-in" : "file", file.checksum, now, milliseconds, isComplete])
    }

    func state(of file: SchemaFile) -> SchemaStatus.State {
        guard let record = self.records.first(where: { $0.isBuiltIn && $0.name == file.name }) else { return .pending }
        if record.checksum != file.checksum { return .changed(at: record.appliedAt) }
        return record.isComplete ? .applied(at: record.appliedAt) : .unfinished(at: record.appliedAt)
    }

    /// Those of the built-in files that have something left to do.
    func unfinished(of files: some Sequence<SchemaFile>) throws(SchemaError) -> [SchemaFile] {
        var unfinished: [SchemaFile] = []
        for file in files {
            switch self.state(of: file) {
            case .applied: break
            case .pending, .unfinished: unfinished.append(file)
            case .changed: throw .changed(file: file.name)
            }
        }
        return unfinished
    }
}
