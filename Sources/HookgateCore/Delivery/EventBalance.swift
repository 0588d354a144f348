package import FoundationEssentials

/// Counts what every gateway accepted against where it is now. Filled by the store.
package protocol BalanceEvidence: Sendable {
    /// One picture of the database.
    func balance() async throws -> [GatewayBalance]
}

/// The two sides of one gateway's account. What it brought to the inbox is counted from its spool's durable positions,
/// which its shipper notes in the transaction that stores the events; what is there is counted from the events.
package struct GatewayBalance: Sendable, Equatable {
    package let gatewayID: UUID
    /// Every event its spool ever made durable, as of ``notedAt``.
    package let accepted: UInt64
    /// Of these, what its spool was told to be in the inbox.
    package let shipped: UInt64
    /// Given up in the spool because their bytes were damaged.
    package let lost: UInt64
    package let notedAt: Date
    /// What the inbox holds of it, by state.
    package let states: [EventState: UInt64]
    /// Not stored again, because the inbox had them.
    package let duplicates: UInt64
    /// Removed when their time was over, and counted then.
    package let retired: UInt64

    package init(
        gatewayID: UUID, accepted: UInt64, shipped: UInt64, lost: UInt64, notedAt: Date,
        states: [EventState: UInt64], duplicates: UInt64, retired: UInt64
    ) {
        self.gatewayID = gatewayID
        self.accepted = accepted
        self.shipped = shipped
        self.lost = lost
        self.notedAt = notedAt
        self.states = states
        self.duplicates = duplicates
        self.retired = retired
    }

    /// Durable in the spool, and not in the inbox yet.
    package var spooled: UInt64 { accepted - min(accepted, shipped + lost) }
    /// What the inbox can account for.
    package var accounted: UInt64 { states.values.reduce(0, +) + duplicates + retired }
    /// Events that are nowhere (positive), or that nobody accepted (negative). Zero is the only good answer.
    package var difference: Int64 { Int64(clamping: shipped) - Int64(clamping: accounted) }
}
