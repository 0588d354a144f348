import PostgresClient

/// How the journal keeps a row of `healthcare.integrations` (the alias is `i`): enough to tell an edit and to undo
/// what a run changed, and nothing that could be a secret.
enum JournalImage {
    /// What a run never changes, or changes in a way of its own, and what a secret stands in.
    private static let neverRestored = ["id", "config", "webhook_token", "webhook_url", "revision"]
    /// Columns that programs keep up to date by themselves: a change there is nobody's edit.
    private static let machineKept = ["revision", "updated_at", "last_seen_at", "webhook_url"]
    private static let inClear = [
        "organization_id", "clinic_id", "status", "enabled", "phone_number", "display_name", "connected_at",
        "created_at",
    ]

    /// What a row looks like: the plain columns, and digests of the rest.
    static let looks: String = {
        let columns = inClear.map { "'\($0)', i.\($0)" }.joined(separator: ", ")
        let others = "to_jsonb(i) - \(array(inClear + machineKept + ["config", "webhook_token"]))"
        return """
            jsonb_build_object(\(columns), 'config', \(digest("i.config::jsonb::text")),
                'webhook_token', \(digest("i.webhook_token")), 'other columns', \(digest("(\(others))::text")))
            """
    }()

    /// The columns that differ between two whole rows, with the value each had in the first.
    static func changed(from old: String, to new: String) -> String {
        """
        (SELECT coalesce(jsonb_object_agg(was.key, was.value), '{}')
         FROM jsonb_each(to_jsonb(\(old)) - \(array(neverRestored))) was
         WHERE was.value IS DISTINCT FROM to_jsonb(\(new)) -> was.key)
        """
    }

    /// Every column that an undo can put back, quoted: not those above, nor what the server computes.
    static func restorableColumns(_ executor: some PostgresExecutor) async throws -> [String] {
        let rows = try await executor.query(
            """
            SELECT a.attname::text AS column FROM pg_attribute a
            WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                AND a.attidentity <> 'a' AND a.attname <> ALL (\(array(neverRestored)))
            ORDER BY a.attnum
            """, [TableShapes.integrations])
        return try rows.map { PostgresIdentifier.quote(try $0.decode("column")) }
    }

    private static func array(_ names: [String]) -> String {
        "ARRAY[" + names.map { "'\($0)'" }.joined(separator: ", ") + "]"
    }

    private static func digest(_ expression: String) -> String {
        "encode(sha256(convert_to(\(expression), 'UTF8')), 'hex')"
    }
}
