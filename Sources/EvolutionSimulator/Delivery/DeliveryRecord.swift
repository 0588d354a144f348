/// What became of one webhook that the server sent.
package struct DeliveryRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        case pending
        case delivered
        /// Tried as often as the release does, or refused for good.
        case givenUp = "given-up"
        /// Forgotten by a restart, or for want of memory.
        case lost
    }

    package enum Attempt: Sendable, Equatable {
        case status(Int)
        /// No answer.
        case failed
    }

    package let id: Int
    package let instance: String
    package let event: String
    /// Captured when the event happened.
    package let url: String
    package let body: [UInt8]
    package internal(set) var attempts: [Attempt] = []
    package internal(set) var state = State.pending
}
