/// Tables beside the old system that hold WhatsApp data as well: other products' live integrations, and patients'
/// messages. They are looked at so that nobody finds them by accident, and never written.
package enum NeighbourTable: String, Sendable, CaseIterable {
    case agentsIntegrations = "agents.integrations"
    case salesIntegrations = "sales.integrations"
    case salesWhatsAppIntegrations = "sales.whatsapp_integrations"
    case publicWhatsAppIntegrations = "public.whatsapp_integrations"
    case whatsappSessions = "public.whatsapp_sessions"
    case whatsappMessages = "core.whatsapp_messages"

    /// Whether patients' data stands in it: then its rows are counted, and nothing of them is read.
    package var holdsPatients: Bool {
        switch self {
        case .whatsappSessions, .whatsappMessages: true
        case .agentsIntegrations, .salesIntegrations, .salesWhatsAppIntegrations, .publicWhatsAppIntegrations: false
        }
    }
}

/// What one such table holds.
package struct NeighbourReport: Sendable, Equatable {
    /// An instance that a row of it names. Whoever owns the row goes on using it.
    package struct Instance: Sendable, Equatable {
        package let name: InstanceName
        /// Of the row's webhook token; nil where it has none.
        package let tokenFingerprint: String?

        package init(name: InstanceName, tokenFingerprint: String?) {
            self.name = name
            self.tokenFingerprint = tokenFingerprint
        }
    }

    /// How many instances are listed.
    package static let sampleSize = 20

    package let table: NeighbourTable
    package let state: LegacyTable.State
    package let rowCount: Int
    /// Rows that name an Evolution instance.
    package let instanceRowCount: Int
    /// The first of them, in the order of their names' bytes.
    package let instances: [Instance]
    package let unknownColumns: [String]

    package init(
        table: NeighbourTable, state: LegacyTable.State, rowCount: Int = 0, instanceRowCount: Int = 0,
        instances: [Instance] = [], unknownColumns: [String] = []
    ) {
        self.table = table
        self.state = state
        self.rowCount = rowCount
        self.instanceRowCount = instanceRowCount
        self.instances = instances
        self.unknownColumns = unknownColumns
    }
}

/// How many clinics say something of WhatsApp themselves; nil for a column that is not there.
package struct ClinicSettings: Sendable, Equatable {
    package let rowCount: Int
    /// `whatsapp_config` names an instance.
    package let namingInstance: Int?
    /// `whatsapp_settings` is not empty.
    package let withSettings: Int?
    /// `whatsapp_number` is not empty.
    package let withNumber: Int?

    package init(rowCount: Int, namingInstance: Int?, withSettings: Int?, withNumber: Int?) {
        self.rowCount = rowCount
        self.namingInstance = namingInstance
        self.withSettings = withSettings
        self.withNumber = withNumber
    }
}
