/// What a webhook's 200 promises.
package enum Durability: String, Sendable, CaseIterable {
    /// The event is on this machine's disk.
    case local
    /// The event is in PostgreSQL: for machines whose disk does not outlive them.
    case shared
}
