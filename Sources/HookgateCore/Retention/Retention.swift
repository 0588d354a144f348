/// How long what is done with is kept. What waits, for delivery or for a person, is kept however old it is.
package struct RetentionTimes: Sendable, Equatable {
    /// A patient's words, from when nothing more happens to their event.
    package let bodies: Duration
    /// The rest of an event, from the same moment; never shorter.
    package let events: Duration

    package init(bodies: Duration = .seconds(7 * 86_400), events: Duration = .seconds(90 * 86_400)) {
        self.bodies = bodies
        self.events = events
    }
}

/// What one look removed.
package struct RetentionSummary: Sendable, Equatable {
    package var bodies = 0
    package var events = 0
    /// Days that were dropped whole; the bodies and events in them are not counted one by one as bodies.
    package var bodyDays = 0
    package var eventDays = 0
    /// Rows of traffic, coverage and decisions.
    package var records = 0
    /// Days that are over but still hold something that waits.
    package var keptDays = 0
    /// False when it stopped at its bound: the next look goes on at once.
    package var isFinished = true

    package init() {}

    package var isEmpty: Bool { bodies + events + bodyDays + eventDays + records == 0 }
}
