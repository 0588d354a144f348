/// Whose a held event counts as, where what is held is bounded: its integration, else the name it came under.
package enum QuarantineHolder: Hashable, Sendable {
    case integration(IntegrationID)
    case instance(InstanceName)
    case nobody

    package init(integrationID: IntegrationID?, instanceName: InstanceName?) {
        if let integrationID {
            self = .integration(integrationID)
        } else if let instanceName {
            self = .instance(instanceName)
        } else {
            self = .nobody
        }
    }
}

/// How much of one holder is held back.
package struct HeldCount: Sendable, Equatable {
    package let holder: QuarantineHolder
    package let events: Int
    package let bytes: Int

    package init(holder: QuarantineHolder, events: Int, bytes: Int) {
        self.holder = holder
        self.events = events
        self.bytes = bytes
    }
}

/// How much of one integration may be held back.
package struct QuarantineLimits: Sendable, Equatable {
    /// From this share of a limit on, a person is told.
    package static let alarmShare = 0.8

    /// A day of a busy clinic: long enough for a person to come and look.
    package var events = 10_000
    /// Media inside bodies make the number alone a poor bound.
    package var bytes = 256 << 20

    package init() {}

    package init(events: Int, bytes: Int) {
        self.events = events
        self.bytes = bytes
    }

    /// How full: 1 at the first limit that is reached.
    package func share(events: Int, bytes: Int) -> Double {
        max(Double(events) / Double(max(1, self.events)), Double(bytes) / Double(max(1, self.bytes)))
    }
}

/// Counts what is held back, for the bounds on it. Filled by the store.
package protocol QuarantineCounting: Sendable {
    /// The fullest holders first, at most `limit` of them.
    func heldCounts(limit: Int) async throws -> [HeldCount]
}
