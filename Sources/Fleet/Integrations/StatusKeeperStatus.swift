package import FoundationEssentials
package import HookgateCore

/// What the keeper of statuses says of itself, for readiness and metrics.
package struct StatusKeeperStatus: Sendable, Equatable {
    /// Whether this gateway is the one that does it.
    package private(set) var isOurs = false
    package private(set) var lastPollAt: Date?
    /// Nil once a look went through again.
    package var lastFailure: String?
    package private(set) var failures: UInt64 = 0
    package private(set) var events: UInt64 = 0
    package private(set) var changes: UInt64 = 0
    package private(set) var stale: UInt64 = 0
    package var unknownWords: UInt64 = 0
    /// Changes to a device that WhatsApp has let go, since this process began.
    package private(set) var devicesLost: UInt64 = 0
    /// Creations and deletions that were left half done and came to an end.
    package private(set) var resumed: UInt64 = 0
    /// Of the last poll.
    package private(set) var counts: [StatusCount] = []
    package private(set) var sharedNumbers = 0
    package private(set) var unansweredServers = 0
    private var nextPollAt: Date?
    private var resumedAt: Date?

    package init() {}

    /// Enabled integrations whose device WhatsApp has let go, as of the last poll.
    package var lostDevices: Int {
        counts.filter { $0.reason?.losesDevice == true }.reduce(0) { $0 + $1.count }
    }

    func isPollDue(at now: Date) -> Bool { nextPollAt.map { $0 <= now } ?? true }

    mutating func isResumeDue(at now: Date, every interval: TimeInterval) -> Bool {
        if let resumedAt, now.timeIntervalSince(resumedAt) < interval { return false }
        resumedAt = now
        return true
    }

    mutating func turn(_ isOurs: Bool) {
        self.isOurs = isOurs
        guard !isOurs else { return }
        // Whoever has it now says so.
        counts = []
        sharedNumbers = 0
        unansweredServers = 0
    }

    mutating func polled(at now: Date, nextAt next: Date) {
        lastPollAt = now
        nextPollAt = next
    }

    mutating func resumed(_ count: Int) {
        resumed += UInt64(count)
    }

    mutating func count(_ intake: StatusIntake) {
        events += UInt64(intake.taken)
        changes += UInt64(intake.changed)
        stale += UInt64(intake.stale)
        unknownWords += UInt64(intake.unknown)
        devicesLost += UInt64(intake.devicesLost)
    }

    mutating func found(_ counts: [StatusCount], sharedNumbers: Int, unanswered: Int) {
        self.counts = counts
        self.sharedNumbers = sharedNumbers
        self.unansweredServers = unanswered
    }

    mutating func failed(_ reason: String) {
        lastFailure = reason
        failures += 1
    }
}
