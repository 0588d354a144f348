package import FoundationEssentials

/// Keeps the statuses of integrations and their history. Filled by the store.
package protocol StatusLedger: Sendable {
    /// Makes this process the one that keeps statuses for a while, or keeps it so; false while another is.
    func takeTurn(for duration: TimeInterval, at now: Date) async throws -> Bool

    /// Takes in events that tell of connections, oldest first: reads each, decides, and writes what came of it, in one
    /// transaction.
    /// - Parameters:
    ///   - read: what an event's body says; nil where it says nothing of a connection.
    ///   - decide: pure.
    /// - Returns: how many events were taken in, with what came of those that said something.
    func takeIn(
        limit: Int, read: @escaping @Sendable ([UInt8]) -> EventReading?,
        decide: @escaping @Sendable (StatusObservation, IntegrationStanding) -> StatusMachine.Verdict
    ) async throws -> StatusIntake

    /// Decides on what a poll saw, and writes what came of it, in one transaction.
    func settle(
        _ observations: [IntegrationID: StatusObservation],
        decide: @escaping @Sendable (StatusObservation, IntegrationStanding) -> StatusMachine.Verdict
    ) async throws -> StatusIntake

    /// The integrations that can be polled, ordered by id, behind the one that is given.
    func pollable(after id: IntegrationID?, limit: Int) async throws -> [PollableIntegration]

    /// How many enabled integrations there are of each status and reason.
    func counts() async throws -> [StatusCount]
}

/// What the body of an event says of a connection.
package struct EventReading: Sendable, Equatable {
    /// Nil where it holds a word that this release does not know.
    package let signal: StatusSignal?
    /// By the sender's clock.
    package let saidAt: Date?

    package init(signal: StatusSignal?, saidAt: Date?) {
        self.signal = signal
        self.saidAt = saidAt
    }
}

/// What became of some observations.
package struct StatusIntake: Sendable, Equatable {
    /// Events that are taken in, whatever they said.
    package var taken = 0
    package var changed = 0
    package var stale = 0
    /// Of words that this release does not know.
    package var unknown = 0
    /// Changes to a device that WhatsApp has let go.
    package var devicesLost = 0

    package init() {}

    package mutating func count(_ verdict: StatusMachine.Verdict) {
        if verdict.isStale { stale += 1 }
        guard let change = verdict.change else { return }
        changed += 1
        if change.reason.losesDevice { devicesLost += 1 }
    }

    package static func + (left: StatusIntake, right: StatusIntake) -> StatusIntake {
        var sum = left
        sum.taken += right.taken
        sum.changed += right.changed
        sum.stale += right.stale
        sum.unknown += right.unknown
        sum.devicesLost += right.devicesLost
        return sum
    }
}

/// One integration that an Evolution server can be asked for.
package struct PollableIntegration: Sendable, Equatable {
    package let standing: IntegrationStanding
    package let instance: InstanceName
    /// The configured name of its server, where it is written down.
    package let server: String?

    package init(standing: IntegrationStanding, instance: InstanceName, server: String?) {
        self.standing = standing
        self.instance = instance
        self.server = server
    }
}

/// So many enabled integrations have this status for this reason.
package struct StatusCount: Sendable, Equatable {
    /// Nil where the row's word is none of ours.
    package let status: IntegrationStatus?
    package let reason: StatusReason?
    package let count: Int

    package init(status: IntegrationStatus?, reason: StatusReason?, count: Int) {
        self.status = status
        self.reason = reason
        self.count = count
    }
}
