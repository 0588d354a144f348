/// What stands in the database before anything is planned: every table of the old system, whatever its state.
package struct LegacySurvey: Sendable, Equatable {
    package let tables: [LegacyTable]
    /// How many different instance names the legacy tables hold.
    package let instanceCount: Int
    package let integrations: IntegrationsTable
    /// The name of the table of clinics; nil when there is none that can be read.
    package let clinicsTable: String?

    package init(
        tables: [LegacyTable], instanceCount: Int, integrations: IntegrationsTable, clinicsTable: String?
    ) {
        self.tables = tables
        self.instanceCount = instanceCount
        self.integrations = integrations
        self.clinicsTable = clinicsTable
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
