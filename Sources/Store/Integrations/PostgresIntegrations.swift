package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// `healthcare.integrations` for lists, the detail and changes by hand; with ``PostgresIntegrations/beginCreation``
/// and what follows it, the journal of their lives.
package struct PostgresIntegrations: IntegrationStore {
    private static let mostNames = 10_000

    let pool: PostgresPool
    let lockURL: String
    private let clinics = KnownClinics()

    /// - Parameter lockURL: past a transaction pooler, where there is one.
    package init(pool: PostgresPool, lockURL: String) {
        self.pool = pool
        self.lockURL = lockURL
    }

    package func page(_ query: IntegrationQuery) async throws -> IntegrationPage {
        let limit = min(max(1, query.limit), IntegrationQuery.largestPage)
        var conditions = Conditions()
        if let organization = query.organization { conditions.add(organization.text) { "organization_id = \($0)" } }
        if let clinic = query.clinic { conditions.add(clinic.text) { "clinic_id = \($0)" } }
        if let status = query.status { conditions.add(status.rawValue) { "status = \($0)" } }
        if let isEnabled = query.isEnabled { conditions.add(isEnabled) { "enabled = \($0)" } }
        if let text = query.text, !text.isEmpty, !text.utf8.contains(0) {
            conditions.add(text) {
                // The instance's name is collated for its order, and would keep every name's "Ä" from becoming "ä".
                // Of the number as much as is shown: whatever could be searched for could be guessed digit by digit.
                let names = "concat_ws(' ', clinic_name, display_name, instance_name, right(phone_number, 4))"
                return "position(lower(\($0)::text) IN lower(\(names) COLLATE \"default\")) > 0"
            }
        }
        if let cursor = query.cursor {
            let title = conditions.parameter(cursor.title)
            let instance = conditions.parameter(cursor.instance)
            let id = conditions.parameter(cursor.id.uuid)
            conditions.add(
                "(title, coalesce(instance_name, ''), id) > (\(title)::text, \(instance)::text, \(id)::uuid)")
        }
        let rows = try await summaries(
            "WHERE \(conditions.sql) ORDER BY title, coalesce(instance_name, ''), id LIMIT \(limit + 1)",
            conditions.parameters)
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit ? shown.last : nil
        return IntegrationPage(
            integrations: shown,
            next: next.map {
                IntegrationCursor(title: $0.title, instance: $0.instanceName?.text ?? "", id: $0.id)
            })
    }

    package func integrations(named name: InstanceName) async throws -> [IntegrationSummary] {
        guard !name.text.utf8.contains(0) else { return [] }
        // As the index has it.
        return try await summaries("WHERE name = $1 ORDER BY id", [name.text])
    }

    package func integration(_ id: IntegrationID) async throws -> IntegrationSummary? {
        try await summaries("WHERE id = $1", [id.uuid]).first
    }

    package func instanceNames() async throws -> [InstanceName] {
        try await PostgresTokenLedger.instanceNames(in: pool)
    }

    package func known(
        _ names: [InstanceName]
    ) async throws -> (integrations: [InstanceName: IntegrationID], legacy: Set<InstanceName>) {
        let texts = names.map(\.text).filter { !$0.utf8.contains(0) }
        guard !texts.isEmpty else { return ([:], []) }
        let name = InstanceNameSQL.expression(config: "i.config")
        let rows = try await pool.query(
            """
            SELECT DISTINCT ON (1) \(name) AS name, i.id FROM healthcare.integrations i
            WHERE i.type = 'whatsapp' AND \(name) = ANY ($1::text[]) ORDER BY 1, i.id
            """, [texts])
        var integrations: [InstanceName: IntegrationID] = [:]
        for row in rows {
            integrations[InstanceName(try row.decode("name"))] = IntegrationID(try row.decode("id", as: UUID.self))
        }
        let lookUp = try await LegacyNameLookUp.discover(pool).get()
        let legacy = try await pool.query(lookUp.namesQuery, [texts]).map {
            InstanceName(try $0.decode("name", as: String.self))
        }
        return (integrations, Set(legacy))
    }

    package func clinic(_ id: ClinicID) async throws -> ClinicFact? {
        try await pool.withConnection { connection in
            let shapes = try await TableShapes.load(from: connection)
            guard let clinics = shapes.clinics, clinics.has("id"), clinics.has("organization_id") else { return nil }
            return try await ClinicReader(connection: connection, shapes: shapes)
                .strangers(clinics, ids: [id.uuid]).first
        }
    }

    package func history(of id: IntegrationID, limit: Int) async throws -> [StatusChange] {
        try await pool.query(
            """
            SELECT changed_at, from_status, to_status, reason, source, event_id, actor FROM hookgate.status_changes
            WHERE integration_id = $1 ORDER BY id DESC LIMIT \(max(1, limit))
            """, [id.uuid]
        ).compactMap(Self.change)
    }

    package func token(of id: IntegrationID) async throws -> WebhookToken? {
        try await pool.query(
            "SELECT webhook_token FROM healthcare.integrations WHERE id = $1 AND type = 'whatsapp'", [id.uuid]
        ).first?.decode("webhook_token", as: String?.self).flatMap { WebhookToken($0) }
    }

    private struct SwitchDetail: Encodable {
        let instanceName: String?
        let enabled: Bool
    }

    package func setEnabled(
        _ isEnabled: Bool, _ id: IntegrationID, actor: String, at now: Date
    ) async throws -> Bool {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                UPDATE healthcare.integrations AS i SET enabled = $2, updated_at = $3
                WHERE id = $1 AND type = 'whatsapp' RETURNING \(InstanceNameSQL.expression(config: "i.config")) AS name
                """, [id.uuid, isEnabled, now])
            guard let row = rows.first else { return false }
            let detail = SwitchDetail(instanceName: try row.decode("name"), enabled: isEnabled)
            try await AuditLog.append(
                AuditEntry(
                    actor: actor, action: isEnabled ? "integrations.enable" : "integrations.disable", subject: id.text,
                    detail: detail), at: now, on: connection)
            return true
        }
    }

    /// A change in words of a newer release is left out of the list.
    private static func change(_ row: PostgresRow) throws -> StatusChange? {
        guard let to = IntegrationStatus(rawValue: try row.decode("to_status")),
            let reason = StatusReason(rawValue: try row.decode("reason"))
        else { return nil }
        let source: StatusSource
        switch try row.decode("source", as: String.self) {
        case "event": source = .event(EventID(try row.decode("event_id", as: UUID.self)))
        case "poll": source = .poll
        case "command": source = .command(actor: try row.decode("actor"))
        default: source = .found
        }
        return StatusChange(
            at: try row.decode("changed_at"), from: try row.decode("from_status"), to: to, reason: reason,
            source: source)
    }

    // MARK: Reading rows

    /// `WHERE` and what follows it, over the list's columns.
    private func summaries(
        _ condition: String, _ parameters: [any PostgresEncodable]
    ) async throws -> [IntegrationSummary] {
        try await clinics.read(pool) { table in
            try await pool.query(
                """
                SELECT page.*, greatest(
                    \(TrafficSQL.latest(.token, of: "page.instance_name")),
                    \(TrafficSQL.latest(.instance, of: "page.instance_name"))) AS last_seen
                FROM (SELECT * FROM (\(Self.listed(clinics: table))) AS listed \(condition)) AS page
                ORDER BY title, coalesce(instance_name, ''), id
                """, parameters
            ).map(Self.summary)
        }
    }

    private static func listed(clinics: String?) -> String {
        """
        SELECT i.id, i.organization_id::text AS organization_id, i.clinic_id::text AS clinic_id,
            \(clinics == nil ? "NULL::text" : "clinic.name::text") AS clinic_name, i.display_name::text AS display_name,
            named.name, named.name COLLATE "C" AS instance_name, i.config ->> '\(serverKey)' AS server, i.status::text AS status,
            coalesce(i.enabled, true) AS enabled, i.phone_number::text AS phone_number,
            coalesce(\(clinics == nil ? "" : "clinic.name::text, ")i.display_name::text, named.name, i.id::text)
                COLLATE "C" AS title,
            -- Of another word it says nothing.
            CASE WHEN standing.word = i.status::text THEN standing.reason END AS reason,
            CASE WHEN standing.word = i.status::text THEN standing.since END AS since, life.kind AS under_way
        FROM healthcare.integrations AS i
        CROSS JOIN LATERAL (SELECT \(InstanceNameSQL.expression(config: "i.config")) AS name) AS named
        LEFT JOIN hookgate.integration_standings AS standing ON standing.integration_id = i.id
        LEFT JOIN hookgate.integration_lives AS life ON life.integration_id = i.id
            AND life.state IN (\(openStates))
        \(clinics.map { "LEFT JOIN \($0) AS clinic ON clinic.id::text = i.clinic_id::text" } ?? "")
        WHERE i.type = 'whatsapp'
        """
    }

    private static func summary(_ row: PostgresRow) throws -> IntegrationSummary {
        IntegrationSummary(
            id: IntegrationID(try row.decode("id", as: UUID.self)),
            organizationID: try row.decode("organization_id", as: String?.self).flatMap { OrganizationID($0) },
            clinicID: try row.decode("clinic_id", as: String?.self).flatMap { ClinicID($0) },
            clinicName: try row.decode("clinic_name"), displayName: try row.decode("display_name"),
            instanceName: try row.decode("instance_name", as: String?.self).map { InstanceName($0) },
            server: try row.decode("server"), statusWord: try row.decode("status"),
            statusSince: try row.decode("since"),
            statusReason: try row.decode("reason", as: String?.self).flatMap { StatusReason(rawValue: $0) },
            isEnabled: try row.decode("enabled"), phoneNumber: try row.decode("phone_number"),
            lastSeenAt: try row.decode("last_seen"),
            underWay: try row.decode("under_way", as: String?.self).flatMap { LifeKind(rawValue: $0) })
    }

    /// Conditions with their parameters.
    private struct Conditions {
        private(set) var parameters: [any PostgresEncodable] = []
        private var all: [String] = []

        var sql: String { all.isEmpty ? "true" : all.joined(separator: " AND ") }

        mutating func parameter(_ value: any PostgresEncodable) -> String {
            parameters.append(value)
            return "$\(parameters.count)"
        }

        mutating func add(_ condition: String) {
            all.append(condition)
        }

        mutating func add(_ value: any PostgresEncodable, _ condition: (String) -> String) {
            all.append(condition(parameter(value)))
        }
    }
}
