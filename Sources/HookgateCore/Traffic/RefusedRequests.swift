package import FoundationEssentials

/// Why nothing was stored of a request to a webhook's address.
package enum RefusalReason: String, Sendable, Hashable, CaseIterable {
    /// 404: neither an integration nor a legacy row has its token or name.
    case unknown
    /// 403: its token was revoked.
    case revoked
    /// 400: the body is not one JSON object.
    case malformed
    /// 413.
    case tooLarge = "too_large"
    /// 415.
    case encoded
    /// 503: it could not be stored now; its sender may have tried again.
    case notStored = "not_stored"
}

/// Refused requests that are counted together: those of one known instance, or those of all strangers.
package struct RefusalKey: Sendable, Hashable {
    /// Nil for senders whom nobody knows, who would otherwise decide how many of these there are.
    package let instance: InstanceName?
    package let route: Route
    package let reason: RefusalReason
    /// Days since 1970, in UTC.
    package let day: Int

    package init(instance: InstanceName?, route: Route, reason: RefusalReason, at instant: Date) {
        self.instance = instance
        self.route = route
        self.reason = reason
        self.day = Int((instant.timeIntervalSince1970 / 86_400).rounded(.down))
    }

    private init(instance: InstanceName?, route: Route, reason: RefusalReason, day: Int) {
        self.instance = instance
        self.route = route
        self.reason = reason
        self.day = day
    }

    /// The same, of nobody in particular.
    package var ofStranger: RefusalKey { RefusalKey(instance: nil, route: route, reason: reason, day: day) }
}

/// How many there were, and when.
package struct RefusalCount: Sendable, Equatable {
    package private(set) var firstSeen: Date
    package private(set) var lastSeen: Date
    package private(set) var count: Int

    package init(at instant: Date) {
        self.firstSeen = instant
        self.lastSeen = instant
        self.count = 1
    }

    package static func + (left: RefusalCount, right: RefusalCount) -> RefusalCount {
        var sum = left
        sum.firstSeen = min(sum.firstSeen, right.firstSeen)
        sum.lastSeen = max(sum.lastSeen, right.lastSeen)
        sum.count += right.count
        return sum
    }
}

/// What was refused of known senders or of strangers, on one route and for one reason, over some days.
package struct RefusalSummary: Sendable, Equatable {
    package let route: Route
    package let reason: RefusalReason
    /// Whether its senders are instances that an integration or a legacy row names.
    package let isKnown: Bool
    package let count: Int
    package let lastSeen: Date

    package init(route: Route, reason: RefusalReason, isKnown: Bool, count: Int, lastSeen: Date) {
        self.route = route
        self.reason = reason
        self.isKnown = isKnown
        self.count = count
        self.lastSeen = lastSeen
    }
}

extension RefusalSummary: CustomStringConvertible {
    package var description: String {
        let route = route == .token ? "token route" : "legacy route"
        return "\(count) × \(reason.rawValue) on the \(route), last \(lastSeen.formatted(.iso8601))"
    }
}

/// Keeps the counts of refused requests for good. Filled by the store.
package protocol RefusalLedger: Sendable {
    func add(_ counts: [RefusalKey: RefusalCount]) async throws
}
