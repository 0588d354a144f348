package import HookgateCore

/// What the pages of destinations work with, beside the destinations themselves.
package struct DestinationParts: Sendable {
    let standings: any DestinationStandings
    /// Nil where nothing is delivered from here.
    let breakers: (any DestinationBreakers)?
    /// The one that the configuration names, and everybody's who has no other; nil where it names none.
    let configured: Destination?
    /// Whether somebody may name an address of a private network.
    let allowsPrivate: Bool

    package init(
        standings: any DestinationStandings, breakers: (any DestinationBreakers)?, configured: Destination?,
        allowsPrivate: Bool
    ) {
        self.standings = standings
        self.breakers = breakers
        self.configured = configured
        self.allowsPrivate = allowsPrivate
    }
}
