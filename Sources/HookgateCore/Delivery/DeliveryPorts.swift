/// Makes one attempt. Filled by what speaks to destinations.
package protocol DeliverySender: Sendable {
    /// Never throws: whatever goes wrong is a result. Ends within the destination's timeout, and soon after its task is
    /// cancelled; the result of a cancelled attempt is not looked at.
    func send(_ task: DeliveryTask) async -> AttemptResult
}

/// Says where an event goes. Filled by the store, and asked for each event: it answers from memory, at once.
package protocol DestinationDirectory: Sendable {
    /// The integration's own destination, else its clinic's, else its organization's, else the default.
    func destination(of event: DeliveryEvent) -> DestinationAnswer

    /// Every destination it knows, for readiness and lists.
    var destinations: [Destination] { get }

    /// Ticks when an answer may have changed: one was made, changed, paused or resumed. For one reader.
    var changes: AsyncStream<Void> { get }
}

package enum DestinationAnswer: Sendable, Equatable {
    case destination(Destination)
    /// Nobody has named one: the event waits, never expires, and a person is told.
    case none
    /// The directory is not read yet; the event waits.
    case unknown
}
