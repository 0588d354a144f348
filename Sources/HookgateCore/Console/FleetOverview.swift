package import FoundationEssentials

/// Reads what the first page of the console shows. Filled by the store.
package protocol FleetOverviewSource: Sendable {
    /// One picture of the fleet, or of one organization's part of it, in one statement.
    func overview(of organization: OrganizationID?, at now: Date) async throws -> FleetOverview

    /// Webhooks by minute, the oldest first, of all gateways; minutes without any are there with zeros.
    func traffic(minutes: Int, until now: Date) async throws -> [TrafficMinute]

    /// One instance's webhooks by day, the oldest first; days without any are there with zeros.
    func traffic(of instance: InstanceName, days: Int, until now: Date) async throws -> [InstanceTrafficDay]
}

/// The fleet in numbers.
package struct FleetOverview: Sendable, Equatable {
    /// Integrations by the status word that stands in the row.
    package var integrations: [String: Int]
    /// Instances that stand in the legacy tables and are no integrations yet.
    package var legacyOnly: Int
    package var disabled: Int
    package var withToken: Int
    /// Integrations whose webhooks were switched over, by the state of that.
    package var switchedOver: [SwitchOverState: Int]
    /// Integrations with a webhook on the token route ever, and instances with one on the old route in the last day.
    package var seenOnTokenRoute: Int
    package var liveOnOldRoute: Int
    /// Events that wait for a delivery or for a person, by state.
    package var events: [EventState: Int]
    package var oldestPending: Date?
    /// Attempts to deliver in the last hour.
    package var attempts: Int
    package var failedAttempts: Int

    package init(
        integrations: [String: Int] = [:], legacyOnly: Int = 0, disabled: Int = 0, withToken: Int = 0,
        switchedOver: [SwitchOverState: Int] = [:], seenOnTokenRoute: Int = 0, liveOnOldRoute: Int = 0,
        events: [EventState: Int] = [:], oldestPending: Date? = nil, attempts: Int = 0, failedAttempts: Int = 0
    ) {
        self.integrations = integrations
        self.legacyOnly = legacyOnly
        self.disabled = disabled
        self.withToken = withToken
        self.switchedOver = switchedOver
        self.seenOnTokenRoute = seenOnTokenRoute
        self.liveOnOldRoute = liveOnOldRoute
        self.events = events
        self.oldestPending = oldestPending
        self.attempts = attempts
        self.failedAttempts = failedAttempts
    }

    package var integrationCount: Int { integrations.values.reduce(0, +) }
}

/// Webhooks that were accepted in one minute.
package struct TrafficMinute: Sendable, Equatable {
    package let minute: Date
    package let token: Int
    package let instance: Int

    package init(minute: Date, token: Int, instance: Int) {
        self.minute = minute
        self.token = token
        self.instance = instance
    }
}

/// Webhooks that came for one instance on one day, by UTC.
package struct InstanceTrafficDay: Sendable, Equatable {
    package let day: Date
    package let token: Int
    package let instance: Int

    package init(day: Date, token: Int, instance: Int) {
        self.day = day
        self.token = token
        self.instance = instance
    }
}

/// Takes down what one gateway accepted in a minute. Filled by the store.
package protocol TrafficMinuteLedger: Sendable {
    /// Replaces what is there of this minute; called again while the minute lasts.
    func write(_ minute: TrafficMinute) async throws
}
