package import FoundationEssentials

/// Reads and writes the second factors of integrations. Filled by the store.
package protocol SecondFactorStore: Sendable {
    /// The integrations whose instance has exactly this name; more than one where names stand twice.
    func integrations(named name: InstanceName) async throws -> [RoutingEntry]

    /// The integration with this id; nil when there is none.
    func integration(_ id: IntegrationID) async throws -> RoutingEntry?

    /// Names of instances, for suggesting one; a bounded number.
    func instanceNames() async throws -> [InstanceName]

    /// Writes a change in one transaction with its entry in the audit log.
    /// - Returns: false when the second factor is not the expected one any more; then nothing is written.
    func write(_ change: SecondFactorChange, actor: String, at now: Date) async throws -> Bool
}

/// A change of one integration's second factor, decided and not yet written.
package struct SecondFactorChange: Sendable, Equatable {
    package let integrationID: IntegrationID
    /// What the decision was made on; it is written only while this is so.
    package let expected: SecondFactor?
    /// Nil takes all of it away.
    package let replacement: SecondFactor?

    package init(integrationID: IntegrationID, expected: SecondFactor?, replacement: SecondFactor?) {
        self.integrationID = integrationID
        self.expected = expected
        self.replacement = replacement
    }
}

/// Keeps how the webhooks of each integration did, since its second factor was last changed. Filled by the store.
package protocol SecondFactorRecords: Sendable {
    /// Adds to what is kept.
    func add(_ tallies: [SecondFactorTally]) async throws
}

/// How often one integration's second factor came to one outcome, and when.
package struct SecondFactorTally: Sendable, Equatable {
    package let integrationID: IntegrationID
    package let outcome: SecondFactorOutcome
    package var count: Int
    package var firstSeen: Date
    package var lastSeen: Date

    package init(
        integrationID: IntegrationID, outcome: SecondFactorOutcome, count: Int, firstSeen: Date, lastSeen: Date
    ) {
        self.integrationID = integrationID
        self.outcome = outcome
        self.count = count
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }
}
