import HookgateCore

/// All legacy rows that name an instance as one relation, and the statements over it.
struct LegacyUnion {
    /// Stands where a legacy source's rank stands, for names that only integrations have.
    static let integrationRank = 99

    private let queries: [LegacySourceQuery]
    private let integrations: IntegrationColumns?
    /// The table whose rows say which clinic's settings name an instance, if it has the columns for it.
    private let settings: TableShape?

    init(_ shapes: TableShapes) {
        self.settings = shapes.readable(LegacySource.clinicConfig.rawValue).flatMap { table in
            table.has("clinic_id") && table.has("instance_name") ? table : nil
        }
        self.queries = LegacySource.allCases.compactMap { LegacySourceQuery($0, shapes: shapes) }
        self.integrations = IntegrationColumns(shapes)
    }

    var countsByRank: String {
        "SELECT rank, count(*) AS rows FROM (\(rows)) source GROUP BY rank"
    }

    var countOfNames: String {
        "SELECT count(DISTINCT name COLLATE \"C\") AS names FROM (\(rows)) source"
    }

    /// Every row, those of one instance together, most trusted first. What only the output needs is computed
    /// after the sort, which therefore stays narrow.
    func ordered(scope: InventoryScope, condition: String = "true") -> String {
        """
        WITH source AS (\(rows)),
             organizations AS (
                 SELECT organization, count(DISTINCT name COLLATE "C") AS instance_count
                 FROM source WHERE organization IS NOT NULL GROUP BY organization
             ), settings AS (\(settingsByName))
        SELECT rank, id, name, organization, instance_count, settings_clinics, clinic, phone, status, enabled,
               config::text AS config, \(Self.utc("connected_at")) AS connected_at, \(Self.utc("created_at")) AS created_at,
               \(Self.utc("updated_at")) AS updated_at
        FROM (
            SELECT every.*, organizations.instance_count, settings.clinics AS settings_clinics
            FROM (SELECT * FROM source\(integrationNames(scope))) every
            LEFT JOIN organizations USING (organization)
            LEFT JOIN settings ON settings.instance = every.name
            WHERE \(condition)
            ORDER BY name COLLATE "C", rank, updated_at DESC NULLS LAST, id COLLATE "C"
        ) ordered
        """
    }

    /// A point in time in the text form of ``Timestamp``.
    static func utc(_ expression: String) -> String {
        """
        CASE WHEN isfinite(\(expression))
             THEN to_char(\(expression) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END
        """
    }

    /// The legacy rows that name an instance, as a query.
    var rows: String {
        guard !queries.isEmpty else { return Self.emptyRow + " WHERE false" }
        return queries.map(\.sql).joined(separator: "\nUNION ALL\n")
    }

    /// The clinics whose own WhatsApp settings name an instance: joined here, so that the table is read once and not
    /// for every page.
    private var settingsByName: String {
        guard let settings else { return "SELECT NULL::text AS instance, NULL::text[] AS clinics WHERE false" }
        return """
            SELECT s.instance_name::text AS instance, array_agg(DISTINCT s.clinic_id::text) AS clinics
            FROM \(settings.name) s WHERE s.instance_name IS NOT NULL AND s.clinic_id IS NOT NULL GROUP BY 1
            """
    }

    private func integrationNames(_ scope: InventoryScope) -> String {
        guard case .everything = scope, let integrations else { return "" }
        return """

            UNION ALL
            \(integrations.namesAsLegacyRows)
            """
    }

    private static let emptyRow = """
        SELECT 0 AS rank, NULL::text AS id, NULL::text AS name, NULL::text AS organization, NULL::text AS clinic,
               NULL::text AS phone, NULL::text AS status, NULL::boolean AS enabled, '{}'::jsonb AS config,
               NULL::timestamptz AS connected_at, NULL::timestamptz AS created_at, NULL::timestamptz AS updated_at
        """
}
