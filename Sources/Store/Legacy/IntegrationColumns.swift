import FoundationEssentials
import HookgateCore
import PostgresClient

/// Reads `healthcare.integrations` as far as its columns allow: before our schema is applied, any may be missing.
struct IntegrationColumns {
    /// Rows that are WhatsApp over Evolution.
    static let condition = condition(of: "i")
    /// The instance name of a row.
    static let name = name(of: "i")
    /// What marks one version of a row; any change of the row changes it.
    static let version = "md5(i::text)"

    private let shape: TableShape
    private let namesAreIndexed: Bool
    private let keepsStatuses: Bool

    /// Nil when the table is not there, or lacks the columns without which a row cannot be told from others.
    init?(_ shapes: TableShapes) {
        guard let shape = shapes.readable(TableShapes.integrations),
            ["id", "type", "provider", "config"].allSatisfy(shape.has)
        else { return nil }
        self.shape = shape
        self.namesAreIndexed = shapes.namesAreIndexed
        self.keepsStatuses = shape.has("status") && shapes.readable(TableShapes.standings) != nil
    }

    /// Integrations with one of these names (`$1`).
    var byName: String {
        """
        SELECT \(Self.name) AS name, i.id, i.version, \(text("organization_id")) AS organization_id,
               \(text("clinic_id")) AS clinic_id, \(text("status")) AS status, \(statusIsKept) AS status_is_kept,
               \(column("enabled", "boolean")) AS enabled,
               \(text("phone_number")) AS phone_number, \(text("display_name")) AS display_name,
               \(time("connected_at")) AS connected_at, \(time("last_seen_at")) AS last_seen_at,
               \(time("created_at")) AS created_at, \(text("webhook_token")) AS webhook_token,
               CASE WHEN jsonb_typeof(i.config::jsonb) = 'object' THEN i.config::jsonb::text END AS config
        FROM \(rowsByName) i
        ORDER BY i.id
        """
    }

    /// Whether the word that stands there is the one that the keeper of statuses wrote last.
    private var statusIsKept: String {
        guard keepsStatuses else { return "false" }
        return """
            EXISTS (
                SELECT FROM \(TableShapes.standings) s
                WHERE s.integration_id = i.id AND s.word = i.status::text AND s.reason IS NOT NULL)
            """
    }

    /// With an index one look-up for each name, which the OFFSET keeps the planner from replacing: without statistics, as
    /// in the middle of a run, it would rather read the whole table. Without an index the table is read once.
    private var rowsByName: String {
        let rows = "SELECT i.*, \(Self.version) AS version FROM \(shape.name) i WHERE \(Self.condition)"
        guard namesAreIndexed else { return "(\(rows) AND \(Self.name) = ANY ($1::text[]))" }
        return """
            unnest($1::text[]) AS wanted (name)
            CROSS JOIN LATERAL (\(rows) AND \(Self.name) = wanted.name OFFSET 0)
            """
    }

    /// The names of all integrations in the shape of ``LegacyUnion``.
    var namesAsLegacyRows: String {
        """
        SELECT \(LegacyUnion.integrationRank), i.id::text, \(Self.name), NULL::text, NULL::text, NULL::text, NULL::text,
               NULL::boolean, '{}'::jsonb, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz
        FROM \(shape.name) i
        WHERE \(Self.condition) AND \(Self.name) IS NOT NULL
        """
    }

    var counts: String {
        """
        SELECT count(*) AS rows, count(nullif(\(text("webhook_token")), '')) AS with_token,
               count(*) FILTER (WHERE \(Self.name) IS NULL) AS unnamed
        FROM \(shape.name) i WHERE \(Self.condition)
        """
    }

    /// Whether the index stands that lets no two rows have one token.
    static let tokensAreUnique = """
        SELECT EXISTS (
            SELECT FROM pg_index
            WHERE indexrelid = to_regclass('healthcare.hookgate_integrations_token') AND indisvalid) AS answer
        """

    /// The tokens of integrations with these names (`$1`) that further rows have too; nil without such a column.
    var sharedTokens: String? {
        guard shape.has("webhook_token") else { return nil }
        return """
            SELECT i.webhook_token::text AS token FROM \(shape.name) i
            WHERE i.webhook_token <> '' AND i.webhook_token IN (
                SELECT n.webhook_token FROM \(shape.name) n
                WHERE \(Self.condition(of: "n")) AND \(Self.name(of: "n")) = ANY ($1::text[]))
            GROUP BY i.webhook_token HAVING count(*) > 1
            """
    }

    func decode(_ row: PostgresRow) throws -> IntegrationRow {
        var integration = IntegrationRow(
            id: IntegrationID(try row.decode("id", as: UUID.self)), version: try row.decode("version"),
            organizationID: try row.decode("organization_id", as: String?.self).flatMap { OrganizationID($0) },
            clinicID: try row.decode("clinic_id", as: String?.self).flatMap { ClinicID($0) },
            status: try row.decode("status"), isEnabled: try row.decode("enabled"),
            phoneNumber: try row.decode("phone_number"), displayName: try row.decode("display_name"),
            connectedAt: try row.timestamp("connected_at"), lastSeenAt: try row.timestamp("last_seen_at"),
            createdAt: try row.timestamp("created_at"), config: try row.configMembers(),
            token: presence(of: try row.decode("webhook_token")))
        integration.isStatusKept = try row.decode("status_is_kept")
        return integration
    }

    private static func condition(of alias: String) -> String {
        "\(alias).type = 'whatsapp' AND \(InstanceNameSQL.isEvolution(provider: "\(alias).provider"))"
    }

    private static func name(of alias: String) -> String { InstanceNameSQL.expression(config: "\(alias).config") }

    private func presence(of text: String?) -> TokenPresence {
        guard shape.has("webhook_token") else { return .noColumn }
        guard let text, !text.isEmpty else { return .missing }
        return WebhookToken(text).map { .present($0.digest) } ?? .malformed
    }

    private func text(_ name: String) -> String { column(name, "text") }

    private func column(_ name: String, _ type: String) -> String {
        shape.has(name) ? "i.\(name)::\(type)" : "NULL::\(type)"
    }

    private func time(_ name: String) -> String {
        shape.has(name) ? LegacyUnion.utc("i.\(name)::timestamptz") : "NULL::text"
    }
}

extension PostgresRow {
    func timestamp(_ column: String) throws(PostgresError) -> Timestamp? {
        try decode(column, as: String?.self).map { Timestamp($0) }
    }

    /// The column `config`, which every reader of one selects as text; empty where it is no object.
    func configMembers() throws(PostgresError) -> ConfigMembers {
        try decode("config", as: String?.self).flatMap { ConfigMembers(jsonText: $0) } ?? ConfigMembers()
    }
}
