/// The status words that hookgate writes into `healthcare.integrations.status`.
package enum IntegrationStatus: String, Sendable, CaseIterable {
    case active
    case pending
    case disconnected
    case error
}

extension IntegrationStatus {
    /// What a status word of the old system becomes, and whether a person should hear of it.
    package struct Migrated: Sendable, Equatable {
        package let status: IntegrationStatus
        /// Nothing in the old vocabulary; kept in the row's provenance and reported.
        package let isOdd: Bool
    }

    /// Maps a legacy status word. Every word maps to something: no row disappears because of its status.
    package static func migrated(fromLegacy word: String?) -> Migrated {
        switch word?.lowercased() {
        case "connected", "active", "open": Migrated(status: .active, isOdd: false)
        case "connecting", "qr_pending", "pending", "pending_qr": Migrated(status: .pending, isOdd: false)
        case "disconnected", "close": Migrated(status: .disconnected, isOdd: false)
        case "error": Migrated(status: .error, isOdd: true)
        default: Migrated(status: .pending, isOdd: true)
        }
    }
}
