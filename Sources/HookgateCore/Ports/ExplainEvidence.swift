package import FoundationEssentials

/// What `hookgate explain` reads beside the answer to a look-up. Filled by the store.
package protocol ExplainEvidence: Sendable {
    /// The ledger's row of a token; nil when it never saw it.
    func tokenHistory(_ digest: TokenDigest) async throws -> TokenHistory?

    /// The legacy tables, and whether each has this name.
    func legacyMentions(of name: InstanceName) async throws -> [LegacyMention]

    /// What gateways have seen of an instance; nil when nothing.
    func sightings(of name: InstanceName) async throws -> InstanceSightings?

    /// What was refused of an instance's requests, as far as they are counted.
    func refusals(of name: InstanceName) async throws -> [RefusalSummary]

    /// Whether gateways were listening in a window; nil where none ever kept a record.
    func coverage(from start: Date, until end: Date) async throws -> CoverageReport?

    /// What of a holder is held back now.
    func held(of holder: QuarantineHolder) async throws -> HeldCount

    /// How the webhooks of an integration did with its second factor, the most frequent outcome first.
    func secondFactorTallies(of id: IntegrationID) async throws -> [SecondFactorTally]

    /// Where an event was accepted and what was decided over it since; nil when it is not in the inbox.
    func timeline(of id: EventID) async throws -> EventTimeline?
}

/// One token's row in the ledger, without the token.
package struct TokenHistory: Sendable, Equatable {
    package let standing: TokenStanding
    package let integrationID: IntegrationID?
    package let instanceName: InstanceName?
    package let createdAt: Date
    package let changedAt: Date
    package let revision: UInt64

    package init(
        standing: TokenStanding, integrationID: IntegrationID?, instanceName: InstanceName?, createdAt: Date,
        changedAt: Date, revision: UInt64
    ) {
        self.standing = standing
        self.integrationID = integrationID
        self.instanceName = instanceName
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.revision = revision
    }
}

/// Whether one legacy table has a name.
package struct LegacyMention: Sendable, Equatable {
    package let table: String
    /// Nil where this role may not read the table.
    package let rows: Int?

    package init(table: String, rows: Int?) {
        self.table = table
        self.rows = rows
    }
}

/// What happened to one event, in order.
package struct EventTimeline: Sendable, Equatable {
    /// A person's decision over a held event.
    package struct Decision: Sendable, Equatable {
        package let decidedAt: Date
        package let actor: String
        /// `released` or `discarded`.
        package let decision: String
        package let heldBecause: String
        package let note: String?

        package init(decidedAt: Date, actor: String, decision: String, heldBecause: String, note: String?) {
            self.decidedAt = decidedAt
            self.actor = actor
            self.decision = decision
            self.heldBecause = heldBecause
            self.note = note
        }
    }

    package let event: StoredEvent
    /// Which gateway's spool it lay in, and where.
    package let gatewayID: String?
    package let position: SpoolPosition?
    package let decisions: [Decision]

    package init(event: StoredEvent, gatewayID: String?, position: SpoolPosition?, decisions: [Decision]) {
        self.event = event
        self.gatewayID = gatewayID
        self.position = position
        self.decisions = decisions
    }
}
