package import FoundationEssentials

/// Reads and writes integrations and the journal of their lives. Filled by the store.
package protocol IntegrationStore: Sendable {
    func page(_ query: IntegrationQuery) async throws -> IntegrationPage

    /// The integrations whose instance has exactly this name; more than one where names stand twice.
    func integrations(named name: InstanceName) async throws -> [IntegrationSummary]

    func integration(_ id: IntegrationID) async throws -> IntegrationSummary?

    /// Names of instances, for suggesting one; a bounded number.
    func instanceNames() async throws -> [InstanceName]

    /// Which of these names integrations have, and which of them the old tables have.
    func known(_ names: [InstanceName]) async throws -> (
        integrations: [InstanceName: IntegrationID], legacy: Set<InstanceName>
    )

    /// What the clinics' table says; nil where there is no such clinic, or no such table.
    func clinic(_ id: ClinicID) async throws -> ClinicFact?

    /// Newest first.
    func history(of id: IntegrationID, limit: Int) async throws -> [StatusChange]

    func token(of id: IntegrationID) async throws -> WebhookToken?

    /// Writes whether webhooks are delivered, with its entry in the audit log; false when there is no such row.
    func setEnabled(_ isEnabled: Bool, _ id: IntegrationID, actor: String, at now: Date) async throws -> Bool

    /// Runs `body` while no other process is at this instance; nil when one was for all of `wait`.
    func exclusively<T: Sendable>(
        _ name: InstanceName, wait: Duration, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T?

    /// What is open, oldest first; a bounded number.
    func openLives() async throws -> [IntegrationLife]

    func openLife(of name: InstanceName) async throws -> IntegrationLife?

    /// Writes that a creation begins and, where there is no row yet, the row.
    /// - Parameter webhookBase: what the row's webhook URL begins with.
    func beginCreation(_ draft: LifeDraft, of new: NewIntegration, webhookBase: PublicURL) async throws
        -> IntegrationLife

    /// Writes that a deletion begins.
    func beginDeletion(_ draft: LifeDraft, of id: IntegrationID) async throws -> IntegrationLife

    /// Deletes the row alone, with a record that is over already: nobody goes on with the instance.
    func deleteRow(_ draft: LifeDraft, of id: IntegrationID, reason: String) async throws

    /// Moves the record on.
    func advance(_ life: IntegrationLife) async throws

    /// Ends the record and, where wanted, deletes the row, with its entry in the audit log.
    func end(_ life: IntegrationLife, as state: LifeState, deletingRow: Bool, reason: String?, at now: Date)
        async throws
}

/// A record that is about to begin.
package struct LifeDraft: Sendable, Equatable {
    package let instance: InstanceName
    package let server: String
    package let adoptsConnected: Bool
    package let actor: String
    package let now: Date

    package init(instance: InstanceName, server: String, adoptsConnected: Bool = false, actor: String, now: Date) {
        self.instance = instance
        self.server = server
        self.adoptsConnected = adoptsConnected
        self.actor = actor
        self.now = now
    }
}

/// A row that is about to be made.
package struct NewIntegration: Sendable, Equatable {
    package let id: IntegrationID
    package let organization: OrganizationID
    package let clinic: ClinicID
    package let displayName: String?

    package init(id: IntegrationID, organization: OrganizationID, clinic: ClinicID, displayName: String?) {
        self.id = id
        self.organization = organization
        self.clinic = clinic
        self.displayName = displayName
    }
}
