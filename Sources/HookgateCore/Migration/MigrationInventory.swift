/// Reads the old system and what is already migrated of it. Filled by the store; it never writes.
package protocol MigrationInventory: Sendable {
    /// Says which tables there are and counts them.
    func survey() async throws -> LegacySurvey

    /// Streams instances in the order of their names' bytes, page by page, from one snapshot in a read-only
    /// transaction.
    func pages(of scope: InventoryScope, size: Int, body: (InventoryPage) async throws -> Void) async throws

    /// Reads these instances as they are now.
    func page(naming names: [InstanceName]) async throws -> InventoryPage

    /// These clinics, as far as there are such.
    func clinics(_ ids: Set<ClinicID>) async throws -> [ClinicFact]

    /// Those of these organizations that a legacy row belongs to.
    func organizations(among ids: Set<OrganizationID>) async throws -> Set<OrganizationID>

    /// Names that the legacy tables have and that begin or end like this one. Bounded.
    func names(resembling name: InstanceName) async throws -> [InstanceName]

    /// Tokens that more than one integration has, by digest. Bounded: a handful proves the point.
    func sharedTokens() async throws -> Set<TokenDigest>

    /// When traffic was last seen for each instance, by route. Empty until a gateway has counted any.
    func lastTraffic(of names: [InstanceName]) async throws -> [InstanceName: [Route: Timestamp]]
}

package enum InventoryScope: Sendable {
    /// Instances that a legacy table names.
    case legacy
    /// These and the integrations that no legacy table knows.
    case everything
}

/// Some instances and all that planning and verifying them needs.
package struct InventoryPage: Sendable {
    package let instances: [LegacyInstance]
    package let directory: ClinicDirectory
    /// The integrations that have one of these instance names.
    package let integrations: [InstanceName: [IntegrationRow]]
    /// The legacy values that runs carried over last.
    package let seen: [InstanceName: SeenValues]

    package init(
        instances: [LegacyInstance], directory: ClinicDirectory = ClinicDirectory(),
        integrations: [InstanceName: [IntegrationRow]] = [:], seen: [InstanceName: SeenValues] = [:]
    ) {
        self.instances = instances
        self.directory = directory
        self.integrations = integrations
        self.seen = seen
    }
}
