import FoundationEssentials
import HookgateCore
import PostgresClient

/// Puts pages together inside one read-only transaction.
struct InventoryPageReader {
    /// Rows of one instance that are read; a name that has more is noted.
    private static let rowsPerInstance = 50

    private let connection: PostgresConnection
    private let shapes: TableShapes
    private let union: LegacyUnion

    init(connection: PostgresConnection, shapes: TableShapes) {
        self.connection = connection
        self.shapes = shapes
        self.union = LegacyUnion(shapes)
    }

    /// Streams pages through a cursor: one sort of everything, and one page of it at a time in memory, apart from the
    /// next one, which is read and prepared while `body` works.
    func pages<Prepared: Sendable>(
        of scope: InventoryScope, size: Int, prepare: @escaping @Sendable (InventoryPage) async throws -> Prepared,
        body: (Prepared) async throws -> Void
    ) async throws {
        try await connection.query("DECLARE hookgate_inventory NO SCROLL CURSOR FOR \(union.ordered(scope: scope))")
        var step = try await nextStep(GroupedRows(rowsPerInstance: Self.rowsPerInstance), size, prepare)
        while let rest = step.rest {
            async let following = nextStep(rest, size, prepare)
            if let prepared = step.prepared { try await body(prepared) }
            step = try await following
        }
        if let prepared = step.prepared { try await body(prepared) }
        try await connection.query("CLOSE hookgate_inventory")
    }

    /// What one fetch gives: a page, unless all of its rows belong to an instance that goes on, and what remains for
    /// the next; nil after the last.
    private struct Step<Prepared: Sendable>: Sendable {
        let prepared: Prepared?
        let rest: GroupedRows?
    }

    private func nextStep<Prepared: Sendable>(
        _ groups: GroupedRows, _ size: Int, _ prepare: @Sendable (InventoryPage) async throws -> Prepared
    ) async throws -> Step<Prepared> {
        var groups = groups
        let rows = try await connection.query("FETCH \(size) FROM hookgate_inventory")
        for row in rows { try groups.add(row) }
        let isLast = rows.count < size
        let complete = groups.takeComplete(includingLast: isLast)
        let prepared = complete.isEmpty ? nil : try await prepare(try await page(of: complete))
        return Step(prepared: prepared, rest: isLast ? nil : groups)
    }

    func page(naming names: [InstanceName]) async throws -> InventoryPage {
        let rows = try await connection.query(
            union.ordered(scope: .legacy, condition: "name = ANY ($1::text[])"), [names.map(\.text)])
        var groups = GroupedRows(rowsPerInstance: Self.rowsPerInstance)
        for row in rows { try groups.add(row) }
        return try await page(of: groups.takeComplete(includingLast: true))
    }

    private func page(of groups: [GroupedRows.Group]) async throws -> InventoryPage {
        let instances = groups.map(\.instance)
        let names = instances.map(\.name.text)
        let integrations = try await integrations(named: names)
        var instanceCounts: [OrganizationID: Int] = [:]
        var settings: [InstanceName: Set<ClinicID>] = [:]
        for group in groups {
            for (organization, count) in group.instanceCounts { instanceCounts[organization] = count }
            if !group.settings.isEmpty { settings[group.instance.name] = group.settings }
        }
        for row in integrations.values.joined() {
            if let organization = row.organizationID { instanceCounts[organization, default: 1] += 0 }
        }
        let directory = try await ClinicReader(connection: connection, shapes: shapes).directory(
            for: instances, instanceCounts: instanceCounts, settings: settings,
            furtherClinics: Set(integrations.values.joined().compactMap { $0.clinicID?.uuid }))
        return InventoryPage(
            instances: instances, directory: directory, integrations: integrations,
            seen: try await seen(names: names, integrations: integrations))
    }

    private func integrations(named names: [String]) async throws -> [InstanceName: [IntegrationRow]] {
        guard let columns = IntegrationColumns(shapes) else { return [:] }
        var found: [InstanceName: [IntegrationRow]] = [:]
        for row in try await connection.query(columns.byName, [names]) {
            found[InstanceName(try row.decode("name")), default: []].append(try columns.decode(row))
        }
        return found
    }

    /// What the latest run that was not undone carried over, for integrations that are still the same row.
    private func seen(
        names: [String], integrations: [InstanceName: [IntegrationRow]]
    ) async throws -> [InstanceName: SeenValues] {
        guard !integrations.isEmpty, shapes.readable(TableShapes.migrationRows) != nil else { return [:] }
        let rows = try await connection.query(
            """
            SELECT m.instance_name, m.integration_id, m.legacy_row::text AS legacy_row
            FROM unnest($1::text[]) AS wanted (name)
            CROSS JOIN LATERAL (
                SELECT m.* FROM \(TableShapes.migrationRows) m JOIN hookgate.migration_runs r ON r.id = m.run_id
                WHERE m.instance_name = wanted.name AND m.undone_at IS NULL
                ORDER BY r.started_at DESC, r.id LIMIT 1
            ) m
            """, [names])
        var seen: [InstanceName: SeenValues] = [:]
        for row in rows {
            let name = InstanceName(try row.decode("instance_name"))
            let integration = IntegrationID(try row.decode("integration_id", as: UUID.self))
            guard integrations[name]?.contains(where: { $0.id == integration }) == true else { continue }
            guard let text: String = try row.decode("legacy_row"), let fields = ConfigMembers(jsonText: text) else {
                continue
            }
            let pairs = fields.members.compactMap { field in field.string.map { (MappedField(name: field.key), $0) } }
            seen[name] = SeenValues(Dictionary(pairs) { first, _ in first })
        }
        return seen
    }
}

/// Rows in the order of their instance names, gathered into instances. The last one stays until it is sure that
/// no row of it follows.
struct GroupedRows {
    struct Group {
        let instance: LegacyInstance
        let instanceCounts: [OrganizationID: Int]
        /// The clinics whose own WhatsApp settings name the instance.
        let settings: Set<ClinicID>
    }

    private let rowsPerInstance: Int
    private var complete: [Group] = []
    private var name: InstanceName?
    private var rows: [LegacyRow] = []
    private var furtherRows = 0
    private var instanceCounts: [OrganizationID: Int] = [:]
    private var settings: Set<ClinicID> = []

    init(rowsPerInstance: Int) {
        self.rowsPerInstance = rowsPerInstance
    }

    mutating func add(_ row: PostgresRow) throws {
        let name = InstanceName(try row.decode("name"))
        if self.name != name {
            endGroup()
            self.name = name
            // The same on every row of one name.
            let clinics = try row.decode("settings_clinics", as: [String]?.self) ?? []
            settings = Set(clinics.compactMap { ClinicID($0) })
        }
        let rank: Int = try row.decode("rank")
        guard rank != LegacyUnion.integrationRank else { return }
        guard rows.count < rowsPerInstance else {
            furtherRows += 1
            return
        }
        let legacy = try Self.legacyRow(row, source: LegacySource.allCases[rank])
        rows.append(legacy)
        if let organization = legacy.organization.flatMap({ OrganizationID($0) }) {
            instanceCounts[organization] = try row.decode("instance_count", as: Int?.self) ?? 1
        }
    }

    mutating func takeComplete(includingLast: Bool) -> [Group] {
        if includingLast { endGroup() }
        defer { complete = [] }
        return complete
    }

    private mutating func endGroup() {
        guard let name else { return }
        complete.append(
            Group(
                instance: LegacyInstance(name: name, rows: rows, furtherRows: furtherRows),
                instanceCounts: instanceCounts, settings: settings))
        self.name = nil
        rows = []
        furtherRows = 0
        instanceCounts = [:]
        settings = []
    }

    private static func legacyRow(_ row: PostgresRow, source: LegacySource) throws -> LegacyRow {
        LegacyRow(
            source: source, id: try row.decode("id", as: String?.self) ?? "?",
            organization: try row.decode("organization"), clinic: try row.decode("clinic"),
            phone: try row.decode("phone"), status: try row.decode("status"), isEnabled: try row.decode("enabled"),
            config: try row.configMembers(), connectedAt: try row.timestamp("connected_at"),
            createdAt: try row.timestamp("created_at"), updatedAt: try row.timestamp("updated_at"))
    }
}
