import FoundationEssentials
import HookgateCore
import PostgresClient

/// Repairs that the schema's own files make. They bring their own transactions, so the entry in the audit log comes
/// after them; the schema's ledger has them in any case.
extension PostgresDoctorRepairs {
    private struct Files: Encodable {
        let files: [String]
    }

    private var applier: SchemaApplier { SchemaApplier(url: directURL) }

    func pendingFiles() async throws -> DoctorChange {
        let rows: [DoctorChange.Row] = try await applier.status().builtIn.compactMap { name, state in
            guard case .pending = state else { return nil }
            return Self.row(ofFile: name)
        }
        return DoctorChange(fix: .applySchema, total: rows.count, rows: rows)
    }

    func applySchema(at now: Date) async throws -> DoctorChange {
        guard try await pendingFiles().total > 0 else { return DoctorChange(fix: .applySchema, total: 0, rows: []) }
        let applied = try await applier.apply().applied.map(\.name)
        try await writing { try await journal(.applySchema, Files(files: applied), at: now, on: $0) }
        return DoctorChange(fix: .applySchema, total: applied.count, rows: applied.map(Self.row))
    }

    /// What is missing and can come back by itself: a disabled trigger was disabled by somebody, and an index that
    /// waits for duplicates to go waits for a person.
    func lostObjects() async throws -> DoctorChange {
        let sample = try await pool.transaction(.snapshot) { connection in
            try await found(limit: 100, on: connection, \.schemaObjects)
        }
        let rows = sample.items.compactMap { item -> DoctorChange.Row? in
            guard let state = item.fact("state"), state == "invalid" || state.hasSuffix("missing") else { return nil }
            return DoctorChange.Row(subject: item.subject, field: "state", before: state, after: "present")
        }
        return DoctorChange(fix: .restoreSchemaObjects, total: rows.count, rows: rows)
    }

    func restoreObjects(at now: Date) async throws -> DoctorChange {
        let lost = try await lostObjects()
        guard lost.total > 0 else { return lost }
        // The files that are recorded come first, then these two again, whatever is recorded.
        let names = [SchemaFile.addWebhookTokens.name, SchemaFile.tokenLedger.name]
        for name in names { _ = try await applier.applyFile(path: name, text: nil) }
        try await writing { try await journal(.restoreSchemaObjects, Files(files: names), at: now, on: $0) }
        return lost
    }

    private static func row(ofFile name: String) -> DoctorChange.Row {
        DoctorChange.Row(subject: name, field: "state", before: "pending", after: "applied")
    }
}
