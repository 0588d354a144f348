/// Takes a chat's words and addresses out of the inbox, for a patient who asks for it. Filled by the store.
package protocol EventErasure: Sendable {
    /// What there is of a chat.
    func findings(chat: String) async throws -> ErasureCount

    /// Erases the bodies, the message ids and the chat's own address from all its events, a day at a time, and notes each
    /// day in the audit log. What still waited is discarded: without its words nobody can deliver it.
    func erase(chat: String, act: QuarantineAct) async throws -> ErasureCount

    /// Stands for the chat in the audit log: only this installation can tell whether it is a given chat's.
    func fingerprint(ofChat chat: String) async throws -> String
}

/// How much of a chat there is, or was.
package struct ErasureCount: Sendable, Equatable {
    package var events = 0
    package var bodies = 0
    /// Of the events, those that were not delivered yet.
    package var waiting = 0

    package init(events: Int = 0, bodies: Int = 0, waiting: Int = 0) {
        self.events = events
        self.bodies = bodies
        self.waiting = waiting
    }

    package static func += (left: inout ErasureCount, right: ErasureCount) {
        left.events += right.events
        left.bodies += right.bodies
        left.waiting += right.waiting
    }
}
