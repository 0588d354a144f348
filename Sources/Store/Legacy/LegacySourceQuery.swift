import HookgateCore
import PostgresClient

/// The SELECT that reads one legacy table as far as its columns allow, in the shape all sources share.
///
/// A column that is missing reads as NULL. A column with a known name and an unexpected type is not guessed at: it
/// reads as NULL and is remarked on.
struct LegacySourceQuery {
    let source: LegacySource
    private let shape: TableShape

    /// Nil when the table yields no instances here.
    init?(_ source: LegacySource, shapes: TableShapes) {
        guard source.yieldsInstances, let shape = shapes.readable(source.rawValue) else { return nil }
        self.source = source
        self.shape = shape
        guard nameExpression != nil, source != .publicIntegrations || kindExpression != nil else { return nil }
    }

    /// Rows that name an instance, one output column for each member of ``LegacyRow``.
    var sql: String {
        """
        SELECT \(Self.rank(of: source)) AS rank, \(text(["id"])) AS id, \(nameExpression ?? "NULL::text") AS name,
               \(text(["organization_id"])) AS organization, \(text(["clinic_id"])) AS clinic,
               \(phoneExpression) AS phone, \(text(["status"])) AS status, \(enabledExpression) AS enabled,
               \(membersExpression) AS config, \(time(["last_connected_at", "connected_at"])) AS connected_at,
               \(time(["created_at"])) AS created_at, \(time(["updated_at"])) AS updated_at
        FROM \(shape.name) t
        CROSS JOIN LATERAL (SELECT \(configExpression) AS config) c
        WHERE \(condition)
        """
    }

    /// Rows that name an instance and the URL of its webhook, as `name` and `url`; nil where the table keeps no URL.
    var webhookURLs: String? {
        guard shape.has("webhook_url") else { return nil }
        return """
            SELECT \(nameExpression ?? "NULL::text") AS name, t.webhook_url::text AS url
            FROM \(shape.name) t CROSS JOIN LATERAL (SELECT \(configExpression) AS config) c
            WHERE \(condition) AND t.webhook_url::text <> ''
            """
    }

    static func rank(of source: LegacySource) -> Int {
        LegacySource.allCases.firstIndex(of: source) ?? 0
    }

    /// Queries that find a row of this table that names the instance `$1`: what "stands in a legacy table" means. The
    /// column and the config are asked apart, so that an index on the column serves.
    var lookUps: [String] {
        let from = "SELECT FROM \(shape.name) t CROSS JOIN LATERAL (SELECT \(configExpression) AS config) c"
        var tests: [String] = []
        if shape.has("instance_name") { tests.append("t.instance_name::text = $1") }
        if shape.has("config") {
            let isUnnamed = shape.has("instance_name") ? "nullif(t.instance_name::text, '') IS NULL AND " : ""
            tests.append("\(isUnnamed)\(coalesce(nameMembers)) = $1")
        }
        return tests.map { "\(from) WHERE \($0) AND \(kindCondition)" }
    }

    /// Whether this role may not read something that the migration has to know.
    static func isUnreadable(_ shape: TableShape) -> Bool {
        !shape.isReadable || !shape.hiddenColumns.isDisjoint(with: readColumns)
    }

    /// Whether this role cannot say which instances the table names.
    static func hidesNames(_ shape: TableShape) -> Bool {
        !shape.isReadable || !shape.hiddenColumns.isDisjoint(with: namingColumns)
    }

    private static let namingColumns: Set<String> = ["instance_name", "config", "type", "integration_type", "provider"]
    private static let readColumns = namingColumns.union([
        "id", "organization_id", "clinic_id", "phone_number", "status", "enabled", "is_enabled", "connection_type",
        "instance_key", "last_connected_at", "connected_at", "created_at", "updated_at",
    ])

    /// Columns with a known name that could not be read as what they are.
    static func remarks(on source: LegacySource, shape: TableShape) -> [String] {
        var remarks: [String] = []
        for column in ["connected_at", "last_connected_at", "created_at", "updated_at"] {
            if let type = shape.columns[column], !type.hasPrefix("timestamp") {
                remarks.append("column \(column) has type \(type) and was not read")
            }
        }
        if let type = shape.columns["config"], type != "jsonb", type != "json" {
            remarks.append("column config has type \(type) and was kept whole as config.legacy_config")
        }
        if source.yieldsInstances, !shape.has("instance_name"), !shape.has("config") {
            remarks.append("no column names an instance")
        }
        if source == .publicIntegrations, !shape.has("type"), !shape.has("integration_type") {
            remarks.append("no column says what kind a row is, so every row is kept")
        }
        if shape.hidesRows { remarks.append("row level security may hide rows from this role") }
        return remarks
    }

    static func unknownColumns(of source: LegacySource, shape: TableShape) -> [String] {
        shape.columns.keys.filter { !knownColumns(of: source).contains($0) }.sorted()
    }

    // MARK: Expressions

    private var condition: String {
        "nullif(\(nameExpression ?? "NULL"), '') IS NOT NULL AND \(kindCondition)"
    }

    /// One of the tables holds every kind of integration.
    private var kindCondition: String {
        guard source == .publicIntegrations, let kindExpression else { return "true" }
        let provider = coalesce([shape.has("provider") ? "t.provider::text" : nil, member("provider")])
        return """
            \(kindExpression) IN ('whatsapp', 'evolution_api')
                AND coalesce(lower(\(provider)), 'evolution') IN ('evolution', 'evolution_api')
            """
    }

    private var kindExpression: String? {
        let columns = ["type", "integration_type"].filter(shape.has)
        return columns.isEmpty ? nil : text(columns)
    }

    private var nameExpression: String? {
        let column = shape.has("instance_name") ? "nullif(t.instance_name::text, '')" : nil
        let places = [column].compactMap(\.self) + (shape.has("config") ? nameMembers : [])
        return places.isEmpty ? nil : coalesce(places)
    }

    private var nameMembers: [String] { ["instance_name", "instance", "instanceName"].map(member) }

    private var phoneExpression: String {
        coalesce([text(["phone_number"]), member("phone_number")])
    }

    private var enabledExpression: String {
        let columns = ["enabled", "is_enabled"].filter { shape.columns[$0] == "boolean" }
        return columns.isEmpty ? "NULL::boolean" : "coalesce(\(columns.map { "t.\($0)" }.joined(separator: ", ")))"
    }

    /// The config as an object; anything else is kept whole under a key of its own.
    private var configExpression: String {
        switch shape.columns["config"] {
        case "jsonb", "json":
            """
            CASE WHEN t.config IS NULL OR jsonb_typeof(t.config::jsonb) = 'null' THEN NULL
                 WHEN jsonb_typeof(t.config::jsonb) = 'object' THEN t.config::jsonb
                 ELSE jsonb_build_object('legacy_config', t.config::jsonb) END
            """
        case nil: "NULL::jsonb"
        default: "CASE WHEN t.config IS NOT NULL THEN jsonb_build_object('legacy_config', t.config::text) END"
        }
    }

    /// The config with what some tables have in columns of their own.
    private var membersExpression: String {
        let columns = ["connection_type", "instance_key"].filter(shape.has)
        guard !columns.isEmpty else { return "coalesce(c.config, '{}')" }
        let pairs = columns.map { "'\($0)', t.\($0)" }.joined(separator: ", ")
        return "jsonb_strip_nulls(jsonb_build_object(\(pairs))) || coalesce(c.config, '{}')"
    }

    private func member(_ key: String) -> String { "nullif(c.config->>'\(key)', '')" }

    private func text(_ columns: [String]) -> String {
        let present = columns.filter(shape.has).map { "nullif(t.\($0)::text, '')" }
        return present.isEmpty ? "NULL::text" : coalesce(present)
    }

    /// Points in time; those without a zone were written in UTC.
    private func time(_ columns: [String]) -> String {
        let present = columns.compactMap { column in
            switch shape.columns[column] {
            case "timestamp with time zone": "t.\(column)"
            case "timestamp without time zone": "t.\(column) AT TIME ZONE 'UTC'"
            default: nil as String?
            }
        }
        return present.isEmpty ? "NULL::timestamptz" : coalesce(present)
    }

    private func coalesce(_ expressions: [String?]) -> String {
        "coalesce(\(expressions.compactMap(\.self).joined(separator: ", ")))"
    }

    private static func knownColumns(of source: LegacySource) -> Set<String> {
        let instance: Set<String> = [
            "id", "organization_id", "clinic_id", "instance_name", "phone_number", "status", "config",
            "connection_type",
            "instance_key", "webhook_url", "last_connected_at", "connected_at", "created_at", "updated_at",
        ]
        switch source {
        case .evolutionInstances, .evolutionIntegrations: return instance
        case .publicIntegrations:
            return instance.union([
                "type", "integration_type", "provider", "display_name", "description", "enabled", "is_enabled",
                "is_primary", "credentials", "webhook_verified", "webhook_token", "usage_count", "usage_limit",
                "last_used_at", "last_error",
            ])
        case .whatsappInstances: return instance.union(["last_seen_at"])
        case .clinicConfig: return ["id", "clinic_id", "instance_name", "config"]
        case .businessConfigs:
            return [
                "id", "organization_id", "business_name", "whatsapp_phone_number", "webhook_url",
                "webhook_verify_token", "connection_status", "is_active", "created_at",
            ]
        case .conversations: return ["id", "session_id", "customer_phone"]
        case .businessAccounts, .businessConfig: return []
        }
    }
}
