import FoundationEssentials
import HookgateCore
import PostgresClient

/// Finds what the schema cannot settle by itself.
struct SchemaInspector {
    /// How many duplicates of a kind are listed.
    private static let bound = 100

    let executor: any PostgresExecutor

    /// Everything a person must decide; empty where the token columns are not there yet.
    func attention() async throws(PostgresError) -> [SchemaAttention] {
        guard try await self.isApplied() else { return [] }
        return try await self.duplicateInstances() + self.duplicateTokens() + self.readableTokens()
    }

    private func isApplied() async throws(PostgresError) -> Bool {
        let rows = try await self.executor.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'hookgate' AND p.proname = 'open_token_columns') AS present
            """)
        return try rows.first?.decode("present", as: Bool.self) ?? false
    }

    private func duplicateInstances() async throws(PostgresError) -> [SchemaAttention] {
        let rows = try await self.executor.query(
            """
            SELECT name, min(provider) AS provider, array_agg(id ORDER BY id) AS ids
            FROM (
                SELECT id, provider::text AS provider, \(InstanceNameSQL.expression()) AS name,
                    CASE WHEN \(InstanceNameSQL.isEvolution()) THEN 'evolution' ELSE provider::text END AS kind
                FROM healthcare.integrations WHERE type = 'whatsapp'
            ) named
            WHERE name IS NOT NULL
            GROUP BY name, kind HAVING count(*) > 1
            ORDER BY name COLLATE "C" LIMIT \(Self.bound + 1)
            """)
        var found: [SchemaAttention] = []
        for row in rows.prefix(Self.bound) {
            let name: String = try row.decode("name")
            let ids: [UUID] = try row.decode("ids")
            found.append(
                .duplicateInstance(
                    InstanceName(name), provider: try row.decode("provider"), integrations: ids.map(IntegrationID.init))
            )
        }
        return rows.count > Self.bound ? found + [.moreDuplicates] : found
    }

    private func duplicateTokens() async throws(PostgresError) -> [SchemaAttention] {
        let rows = try await self.executor.query(
            """
            SELECT sha256(convert_to(webhook_token, 'UTF8')) AS digest, array_agg(id ORDER BY id) AS ids
            FROM healthcare.integrations
            WHERE webhook_token <> '' AND NOT EXISTS (
                SELECT FROM pg_index
                WHERE indexrelid = to_regclass('healthcare.hookgate_integrations_token') AND indisvalid)
            GROUP BY webhook_token HAVING count(*) > 1
            ORDER BY 1 LIMIT \(Self.bound + 1)
            """)
        var found: [SchemaAttention] = []
        for row in rows.prefix(Self.bound) {
            let digest: [UInt8] = try row.decode("digest")
            let ids: [UUID] = try row.decode("ids")
            found.append(
                .duplicateToken(
                    fingerprint: TokenDigest(bytes: digest)?.fingerprint ?? "",
                    integrations: ids.map(IntegrationID.init)))
        }
        return rows.count > Self.bound ? found + [.moreDuplicates] : found
    }

    private func readableTokens() async throws(PostgresError) -> [SchemaAttention] {
        var found: [SchemaAttention] = []
        for row in try await self.executor.query("SELECT role, columns, place FROM hookgate.open_token_columns()") {
            found.append(
                .readableTokens(
                    role: try row.decode("role"), columns: try row.decode("columns"), place: try row.decode("place")))
        }
        return found
    }
}
