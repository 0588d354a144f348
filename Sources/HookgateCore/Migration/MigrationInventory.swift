/// Reads the old system and what is already migrated of it. Filled by the store; it never writes.
package protocol MigrationInventory: Sendable {
    /// Says which tables there are and counts them.
    func survey() async throws -> LegacySurvey

    /// Marks what a plan is made from, at the price of one scan of each table inside the server.
    func mark() async throws -> InventoryMark

    /// Streams instances in the order of their names' bytes, page by page, from one snapshot in a read-only
    /// transaction.
    ///
    /// `prepare` makes of a page what `body` works with. While `body` works on one page, the next is read and prepared
    /// beside it: one page ahead and no more, so that memory stays bounded.
    func pages<Prepared: Sendable>(
        of scope: InventoryScope, size: Int, prepare: @escaping @Sendable (InventoryPage) async throws -> Prepared,
        body: (Prepared) async throws -> Void
    ) async throws

    /// Reads these instances as they are now.
    func page(naming names: [InstanceName]) async throws -> InventoryPage

    /// These clinics, as far as there are such.
    func clinics(_ ids: Set<ClinicID>) async throws -> [ClinicFact]

    /// Those of these organizations that a legacy row belongs to.
    func organizations(among ids: Set<OrganizationID>) async throws -> Set<OrganizationID>

    /// Names that the legacy tables have and that begin or end like this one. Bounded.
    func names(resembling name: InstanceName) async throws -> [InstanceName]

    /// The tokens of integrations with these names that another integration has too, by digest.
    func sharedTokens(of names: [InstanceName]) async throws -> Set<TokenDigest>

    /// What gateways have seen of these instances. Empty until one has counted anything.
    func sightings(of names: [InstanceName]) async throws -> [InstanceName: InstanceSightings]
}

extension MigrationInventory {
    /// Streams the pages as they are.
    package func pages(
        of scope: InventoryScope, size: Int, body: (InventoryPage) async throws -> Void
    ) async throws {
        try await pages(of: scope, size: size, prepare: { $0 }, body: body)
    }
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
