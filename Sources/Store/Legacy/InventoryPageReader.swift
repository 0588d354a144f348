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

    /// Streams pages through a cursor: one sort of everything, and one page of it at a time in memory.
    func pages(of scope: InventoryScope, size: Int, body: (InventoryPage) async throws -> Void) async throws {
        try await connection.query("DECLARE hookgate_inventory NO SCROLL CURSOR FOR \(union.ordered(scope: scope))")
        var groups = GroupedRows(rowsPerInstance: Self.rowsPerInstance)
        while true {
            let rows = try await connection.query("FETCH \(size) FROM hookgate_inventory")
            for row in rows { try groups.add(row) }
            let isLast = rows.count < size
            let complete = groups.takeComplete(includingLast: isLast)
            if !complete.isEmpty { try await body(try await page(of: complete)) }
            if isLast { break }
        }
        try await connection.query("CLOSE hookgate_inventory")
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
        for group in groups {
            for (organization, count) in group.instanceCounts { instanceCounts[organization] = count }
        }
        for row in integrations.values.joined() {
            if let organization = row.organizationID { instanceCounts[organization, default: 1] += 0 }
        }
        let directory = try await ClinicReader(connection: connection, shapes: shapes).directory(
            for: instances, instanceCounts: instanceCounts,
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
            SELECT DISTINCT ON (m.instance_name) m.instance_name, m.integration_id,
                   ARRAY(SELECT e.key FROM jsonb_each_text(m.legacy_row) e ORDER BY e.key COLLATE "C") AS fields,
                   ARRAY(SELECT e.value FROM jsonb_each_text(m.legacy_row) e ORDER BY e.key COLLATE "C") AS values
            FROM \(TableShapes.migrationRows) m JOIN hookgate.migration_runs r ON r.id = m.run_id
            WHERE m.instance_name = ANY ($1::text[]) AND m.undone_at IS NULL
            ORDER BY m.instance_name, r.started_at DESC, r.id
            """, [names])
        var seen: [InstanceName: SeenValues] = [:]
        for row in rows {
            let name = InstanceName(try row.decode("instance_name"))
            let integration = IntegrationID(try row.decode("integration_id", as: UUID.self))
            guard integrations[name]?.contains(where: { $0.id == integration }) == true else { continue }
            let fields: [String] = try row.decode("fields")
            let values: [String] = try row.decode("values")
            seen[name] = SeenValues(
                Dictionary(zip(fields.map { MappedField(name: $0) }, values)) { first, _ in first })
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
    }

    private let rowsPerInstance: Int
    private var complete: [Group] = []
    private var name: InstanceName?
    private var rows: [LegacyRow] = []
    private var furtherRows = 0
    private var instanceCounts: [OrganizationID: Int] = [:]

    init(rowsPerInstance: Int) {
        self.rowsPerInstance = rowsPerInstance
    }

    mutating func add(_ row: PostgresRow) throws {
        let name = InstanceName(try row.decode("name"))
        if self.name != name {
            endGroup()
            self.name = name
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
                instanceCounts: instanceCounts))
        self.name = nil
        rows = []
        furtherRows = 0
        instanceCounts = [:]
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
