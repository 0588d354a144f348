/// What stands in the database before anything is planned: every table of the old system, whatever its state.
package struct LegacySurvey: Sendable, Equatable {
    package let tables: [LegacyTable]
    /// How many different instance names the legacy tables hold.
    package let instanceCount: Int
    package let integrations: IntegrationsTable
    /// The name of the table of clinics; nil when there is none that can be read.
    package let clinicsTable: String?
    /// What the clinics' own columns say of WhatsApp; nil when there is no such table.
    package let clinicSettings: ClinicSettings?
    /// Other tables that hold WhatsApp data: reported, and never written.
    package let neighbours: [NeighbourReport]

    package init(
        tables: [LegacyTable], instanceCount: Int, integrations: IntegrationsTable, clinicsTable: String?,
        clinicSettings: ClinicSettings? = nil, neighbours: [NeighbourReport] = []
    ) {
        self.tables = tables
        self.instanceCount = instanceCount
        self.integrations = integrations
        self.clinicsTable = clinicsTable
        self.clinicSettings = clinicSettings
        self.neighbours = neighbours
    }

    /// Rows that stay where they are, by table: those of other kinds, and those of tables nothing is taken from.
    package var kept: [(table: String, rowCount: Int)] {
        let own = tables.map { ($0.source.rawValue, $0.keptRowCount) }
        let others = neighbours.map { ($0.table.rawValue, $0.rowCount) }
        return (own + others).filter { $0.1 > 0 }.map { (table: $0.0, rowCount: $0.1) }
    }

    /// Tables that may name instances, are there, and cannot be read: as long as there is one, nobody can say what
    /// has to be migrated.
    package var unreadable: [LegacyTable] {
        tables.filter { $0.state == .unreadable && $0.source.yieldsInstances }
    }

    package func table(_ source: LegacySource) -> LegacyTable? {
        tables.first { $0.source == source }
    }
}

/// The state of one legacy table.
package struct LegacyTable: Sendable, Equatable {
    package enum State: String, Sendable {
        case absent
        case table
        case view
        /// It is there, and this role may not read it.
        case unreadable
    }

    package let source: LegacySource
    package let state: State
    package let rowCount: Int
    /// Rows that name an Evolution instance.
    package let instanceRowCount: Int
    /// Rows of other kinds, which stay where they are.
    package var keptRowCount: Int { rowCount - instanceRowCount }
    /// Columns that hookgate does not know; they are left alone.
    package let unknownColumns: [String]
    /// What keeps the table, or part of it, from being understood.
    package let remarks: [String]

    package init(
        source: LegacySource, state: State, rowCount: Int = 0, instanceRowCount: Int = 0,
        unknownColumns: [String] = [], remarks: [String] = []
    ) {
        self.source = source
        self.state = state
        self.rowCount = rowCount
        self.instanceRowCount = instanceRowCount
        self.unknownColumns = unknownColumns
        self.remarks = remarks
    }
}

/// The state of `healthcare.integrations` as far as WhatsApp over Evolution goes.
package struct IntegrationsTable: Sendable, Equatable {
    package let isPresent: Bool
    package let rowCount: Int
    package let withTokenCount: Int
    /// Rows whose `config` names no instance; the legacy route cannot reach them.
    package let unnamedCount: Int
    package var withoutTokenCount: Int { rowCount - withTokenCount }

    package init(isPresent: Bool, rowCount: Int = 0, withTokenCount: Int = 0, unnamedCount: Int = 0) {
        self.isPresent = isPresent
        self.rowCount = rowCount
        self.withTokenCount = withTokenCount
        self.unnamedCount = unnamedCount
    }
}
