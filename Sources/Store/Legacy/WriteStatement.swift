import FoundationEssentials
import HookgateCore
import PostgresClient

/// Where a batch is written: the tables themselves, or temporary copies of them.
struct WriteTarget {
    static let live = WriteTarget(
        integrations: TableShapes.integrations, journal: TableShapes.migrationRows, checksVersion: true)

    let integrations: String
    let journal: String
    /// Whether a row must still be the version that the plan saw; a copy was made just now.
    let checksVersion: Bool

    /// What the latest run that was not undone remembers of input row `x`; a copy has no runs behind it.
    var earlier: String {
        guard checksVersion else { return "SELECT NULL::jsonb AS legacy_row" }
        return """
            SELECT m.legacy_row FROM hookgate.migration_rows m JOIN hookgate.migration_runs r ON r.id = m.run_id
            WHERE m.instance_name = x.name AND m.integration_id = x.id AND m.undone_at IS NULL
            ORDER BY r.started_at DESC, r.id LIMIT 1
            """
    }
}

/// The two set-based statements of a batch. Each writes rows and their journal together and returns the instance
/// names it wrote: a name that is not among them was no longer as the plan had seen it.
struct WriteStatement {
    let sql: String
    let parameters: [any PostgresEncodable]

    /// Integrations that do not exist yet. Nil when the batch has none.
    static func insert(_ batch: [PlannedInstance], run: RunID, now: Date, into target: WriteTarget = .live)
        -> WriteStatement?
    {
        let planned = batch.compactMap { planned in
            if case .insert(let draft) = planned.action { (planned: planned, draft: draft) } else { nil }
        }
        guard !planned.isEmpty else { return nil }
        let drafts = planned.map(\.draft)
        let sql = """
            WITH input AS (
                SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[],
                    $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
                    $12::timestamptz[], $13::jsonb[], $14::text[], $15::text[], $16::jsonb[], $17::jsonb[])
                AS x (name, id, organization_id, clinic_id, status, enabled, phone_number, display_name, connected_at,
                    last_seen_at, created_at, updated_at, config, source, legacy_status, evidence, legacy_row)
            ), inserted AS (
                INSERT INTO \(target.integrations) AS i (id, organization_id, clinic_id, type, provider, status,
                    enabled, phone_number, display_name, connected_at, last_seen_at, created_at, updated_at, config,
                    migrated_from, migrated_at, migrated_status, migrated_run)
                SELECT x.id, x.organization_id, x.clinic_id, 'whatsapp', 'evolution', x.status, x.enabled,
                    x.phone_number, x.display_name, x.connected_at, x.last_seen_at,
                    coalesce(x.created_at, $18::timestamptz), coalesce(x.updated_at, $18::timestamptz), x.config,
                    x.source, $18::timestamptz, x.legacy_status, $19::uuid
                FROM input x
                -- The unique index waits while a fleet still has duplicates. One look-up for each row, which OFFSET keeps
                -- the planner from replacing by a read of the whole table, as it would while a run fills it.
                LEFT JOIN LATERAL (
                    SELECT true AS is_there FROM \(target.integrations) i
                    WHERE \(IntegrationColumns.condition) AND \(IntegrationColumns.name) = x.name OFFSET 0
                ) taken ON true
                WHERE taken.is_there IS NULL
                RETURNING i.id, \(JournalImage.looks) AS image
            )
            INSERT INTO \(target.journal)
                (run_id, instance_name, integration_id, action, clinic_evidence, legacy_row, before, after)
            SELECT $19::uuid, x.name, x.id, 'insert', x.evidence, x.legacy_row, NULL, inserted.image
            FROM inserted JOIN input x USING (id)
            RETURNING instance_name
            """
        return WriteStatement(
            sql: sql,
            parameters: [
                planned.map(\.planned.name.text), drafts.map { _ in UUID() }, drafts.map(\.organizationID.uuid),
                drafts.map(\.clinicID.uuid), drafts.map(\.status.rawValue), drafts.map(\.isEnabled),
                drafts.map(\.phoneNumber), drafts.map(\.displayName), drafts.map(\.connectedAt?.text),
                drafts.map(\.lastSeenAt?.text), drafts.map(\.createdAt?.text), drafts.map(\.updatedAt?.text),
                drafts.map(\.config.text), drafts.map(\.source), drafts.map(\.legacyStatus),
                planned.map(\.planned.evidenceJSON), drafts.map { $0.seenJSON { _ in true } }, now, run.uuid,
            ])
    }

    /// Integrations that exist: the planned fields change, provided that the row is still the version the plan saw.
    ///
    /// What the legacy row said is remembered only of fields that were carried over or equal it already. Of the
    /// others the journal goes on saying what an earlier run carried over, or a mismatch would pass for an edit.
    /// - Parameter seal: needed where the batch replaces members of `config`.
    static func update(
        _ batch: [PlannedInstance], run: RunID, now: Date, seal: JournalSeal?, into target: WriteTarget = .live
    ) throws -> WriteStatement? {
        let planned = try batch.compactMap { planned -> PlannedUpdate? in
            guard case .update(let row, let changes, let draft) = planned.action else { return nil }
            let journal = try ConfigBefore(changes, of: row, named: planned.name, run: run, seal: seal)
            return PlannedUpdate(
                planned: planned, row: row, changes: Changes(changes), draft: draft, configBefore: journal)
        }
        guard !planned.isEmpty else { return nil }
        let columns = Changes.columns.map { "\($0.name) = coalesce(x.\($0.name), i.\($0.name))" }
        let arrays = Changes.columns.enumerated().map { "$\($0.offset + 10)::\($0.element.type)[]" }
        let sql = """
            WITH input AS (
                SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::jsonb[], $5::text[], $6::text[],
                    $7::jsonb[], $8::jsonb[], $9::jsonb[], \(arrays.joined(separator: ", ")))
                AS x (name, id, version, config, source, legacy_status, evidence, carried, config_before,
                    \(Changes.columns.map(\.name).joined(separator: ", ")))
            ), present AS (
                SELECT i.id, i AS whole
                FROM \(target.integrations) i JOIN input x ON x.id = i.id
                WHERE \(target.checksVersion ? "\(IntegrationColumns.version) = x.version" : "true")
                FOR NO KEY UPDATE OF i
            ), updated AS (
                UPDATE \(target.integrations) i
                SET \(columns.joined(separator: ", ")),
                    config = CASE WHEN x.config = '{}' THEN i.config::jsonb
                                  ELSE coalesce(i.config::jsonb, '{}') || x.config END,
                    migrated_from = coalesce(i.migrated_from, x.source),
                    migrated_status = CASE WHEN i.migrated_from IS NULL THEN x.legacy_status ELSE i.migrated_status END,
                    migrated_at = coalesce(i.migrated_at, $18::timestamptz),
                    migrated_run = coalesce(i.migrated_run, $19::uuid),
                    updated_at = $18::timestamptz
                FROM input x JOIN present ON present.id = x.id
                WHERE i.id = x.id
                RETURNING i.id, i AS whole, \(JournalImage.looks) AS image
            )
            INSERT INTO \(target.journal)
                (run_id, instance_name, integration_id, action, clinic_evidence, legacy_row, before, after)
            SELECT $19::uuid, x.name, x.id, 'update', x.evidence, coalesce(earlier.legacy_row, '{}') || x.carried,
                \(JournalImage.changed(from: "present.whole", to: "updated.whole")) || x.config_before, updated.image
            FROM updated JOIN present USING (id) JOIN input x USING (id)
            LEFT JOIN LATERAL (\(target.earlier)) earlier ON true
            RETURNING instance_name
            """
        var parameters: [any PostgresEncodable] = [
            planned.map(\.planned.name.text), planned.map(\.row.id.uuid), planned.map(\.row.version),
            planned.map(\.changes.config.text), planned.map(\.draft.source), planned.map(\.draft.legacyStatus),
            planned.map(\.planned.evidenceJSON), planned.map { $0.draft.seenJSON(of: $0.isCarried) },
            planned.map(\.configBefore.json),
        ]
        for column in Changes.columns { parameters.append(planned.map { $0.changes[column.name] }) }
        parameters += [now, run.uuid]
        return WriteStatement(sql: sql, parameters: parameters)
    }
}

private struct PlannedUpdate {
    let planned: PlannedInstance
    let row: IntegrationRow
    let changes: Changes
    let draft: IntegrationDraft
    let configBefore: ConfigBefore

    /// Whether the integration has what the legacy row says of a field, once this is written.
    func isCarried(_ field: MappedField) -> Bool {
        if changes.fields.contains(field) { return true }
        guard let ours = row.value(of: field), let legacy = draft.value(of: field) else { return false }
        return ours.isSameText(as: legacy)
    }
}

extension PlannedInstance {
    /// Whether writing it replaces a value in `config`, which the journal then keeps sealed.
    var replacesConfigMember: Bool {
        guard case .update(_, let changes, _) = action else { return false }
        return changes.contains { change in
            if case .config = change.field { change.before != nil } else { false }
        }
    }
}

/// The changes of one integration by column; nil leaves a column as it is.
private struct Changes {
    static let columns: [(name: String, type: String)] = [
        ("organization_id", "uuid"), ("clinic_id", "uuid"), ("status", "text"), ("enabled", "boolean"),
        ("phone_number", "text"), ("display_name", "text"), ("connected_at", "timestamptz"),
        ("last_seen_at", "timestamptz"),
    ]

    let fields: Set<MappedField>
    private var values: [String: String] = [:]
    private(set) var config = ConfigMembers()

    init(_ changes: [FieldChange]) {
        self.fields = Set(changes.map(\.field))
        for change in changes {
            if case .config(let key) = change.field {
                config.set(key, to: change.after)
            } else {
                values[change.field.name] = change.after
            }
        }
    }

    subscript(column: String) -> String? { values[column] }
}

extension PlannedInstance {
    /// Which clinic was chosen, and why.
    fileprivate var evidenceJSON: String {
        guard let clinic else { return "null" }
        let kinds = clinic.evidence.map { ConfigMembers.quoted($0.rawValue) }.joined(separator: ", ")
        return "{\"clinic_id\": \(ConfigMembers.quoted(clinic.clinic.text)), \"evidence\": [\(kinds)]}"
    }
}

extension IntegrationDraft {
    /// The chosen fields as the journal remembers them: its side of a verification.
    fileprivate func seenJSON(of isWanted: (MappedField) -> Bool) -> String {
        let pairs = fields.filter(isWanted).compactMap { field in
            value(of: field).map { (field.name, ConfigMembers.quoted(SeenValues.form(of: $0, in: field))) }
        }
        return ConfigMembers(keys: pairs.map(\.0), values: pairs.map(\.1)).text
    }
}
