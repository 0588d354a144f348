/// The keys that bodies are sealed with. Filled by the store.
package protocol BodyKeeping: Sendable {
    /// What would go with an organization's key.
    func findings(_ organization: OrganizationID) async throws -> KeyFindings

    /// Removes an organization's key for good, and the bodies that were stored before there was one. What still waited is
    /// discarded. Events that come later are sealed with a new key.
    func forget(_ organization: OrganizationID, act: QuarantineAct) async throws -> KeyFindings

    /// Wraps every organization's key with the master key of today.
    func rewrap(act: QuarantineAct) async throws -> RewrapCount
}

/// What an organization's key holds together.
package struct KeyFindings: Sendable, Equatable {
    /// More than one where a key was made anew and some are from before.
    package var keys: Int
    /// Events that were not delivered yet.
    package var waiting: Int
    /// Bodies in clear, from before encryption was switched on.
    package var clearBodies: Int

    package init(keys: Int = 0, waiting: Int = 0, clearBodies: Int = 0) {
        self.keys = keys
        self.waiting = waiting
        self.clearBodies = clearBodies
    }
}

/// What became of the keys when the master key was changed.
package struct RewrapCount: Sendable, Equatable {
    package var rewrapped = 0
    /// Wrapped by the master key of today already.
    package var current = 0
    /// Wrapped by a master key that is not configured here; their bodies cannot be read.
    package var unopened = 0

    package init(rewrapped: Int = 0, current: Int = 0, unopened: Int = 0) {
        self.rewrapped = rewrapped
        self.current = current
        self.unopened = unopened
    }
}
