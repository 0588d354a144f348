package import FoundationEssentials

/// The one place that decides an integration's status. Pure: no clock, no I/O.
///
///     pending ──open──▶ active ──closed for good──▶ disconnected ──a code is offered──▶ pending
///        ▲                │ └──account restricted, session in conflict──▶ error ──open──▶ active
///        └─connecting for minutes─┘        (removed: only a new code or a connection ends it)
///
/// Short breaks change nothing: `active` is doubted first, and given up when the doubt has lasted. What is older than
/// the newest evidence changes nothing either: servers send side by side and again after minutes. `enabled` is a
/// person's word and not looked at.
package struct StatusMachine: Sendable {
    package struct Settings: Sendable {
        /// How long a connection may be seen broken before it counts as broken.
        package var doubtLasts: TimeInterval = 5 * 60
        /// How long it may go on connecting.
        package var connectingLasts: TimeInterval = 15 * 60
        /// An event that says to be older than this beside the one before shows a clock that was set, not a retry.
        package var longestRetry: TimeInterval = 45 * 60

        package init() {}
    }

    /// What an observation comes to.
    package struct Verdict: Sendable, Equatable {
        package let standing: IntegrationStanding
        /// Nil where the status stays.
        package let change: StatusChange?
        /// Older than what is known already.
        package let isStale: Bool
    }

    private let settings: Settings

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    package func observe(_ observation: StatusObservation, of standing: IntegrationStanding) -> Verdict {
        guard !isStale(observation, beside: standing) else {
            return Verdict(standing: standing, change: nil, isStale: true)
        }
        var standing = noted(observation, standing)
        guard let (status, reason) = conclusion(observation, standing) else {
            standing.doubtedSince = doubt(observation, standing)
            return Verdict(standing: standing, change: nil, isStale: false)
        }
        standing.doubtedSince = nil
        guard standing.word != status.rawValue || standing.reason != reason else {
            return Verdict(standing: standing, change: nil, isStale: false)
        }
        let change = StatusChange(
            at: observation.seenAt, from: standing.word, to: status, reason: reason, source: observation.source)
        standing.word = status.rawValue
        standing.reason = reason
        standing.since = observation.seenAt
        return Verdict(standing: standing, change: change, isStale: false)
    }

    /// Two events are compared by their sender's clock, everything else by ours.
    private func isStale(_ observation: StatusObservation, beside standing: IntegrationStanding) -> Bool {
        if let said = observation.saidAt, let before = standing.saidAt {
            let age = before.timeIntervalSince(said)
            if age != 0, age < settings.longestRetry { return age > 0 }
        }
        return standing.seenAt.map { observation.seenAt < $0 } ?? false
    }

    /// A poll shows a state without its reason, so an event from before it is still news; unless it found the instance
    /// connected, which leaves nothing to tell.
    private func noted(_ observation: StatusObservation, _ standing: IntegrationStanding) -> IntegrationStanding {
        var standing = standing
        var marks = observation.source != .poll
        if case .open(let phone) = observation.signal {
            marks = true
            if let phone { standing.phone = phone }
        }
        if marks { standing.seenAt = max(standing.seenAt ?? observation.seenAt, observation.seenAt) }
        if let said = observation.saidAt { standing.saidAt = said }
        return standing
    }

    /// Nil where the status stays for now.
    private func conclusion(
        _ observation: StatusObservation, _ standing: IntegrationStanding
    ) -> (IntegrationStatus, StatusReason)? {
        switch observation.signal {
        case .open: return (.active, .connected)
        case .codeOffered: return (.pending, .codeOffered)
        case .removed: return (.disconnected, .removed)
        case .missing: return standing.reason == .removed ? nil : (.error, .instanceMissing)
        case .notLoaded: return (.error, .notLoaded)
        case .connecting, .codesUsedUp, .closed, .deviceRemoved, .loggedOut:
            // The instance's last words come side by side with its removal.
            guard standing.reason != .removed || observation.source == .poll else { return nil }
        }
        return switch observation.signal {
        case .connecting: connecting(observation.seenAt, standing)
        case .codesUsedUp: (.disconnected, .codesUsedUp)
        case .deviceRemoved: (.disconnected, .deviceRemoved)
        case .loggedOut: lostDevice(standing)
        case .closed(let reason): closed(reason, observation.seenAt, standing)
        case .open, .codeOffered, .removed, .missing, .notLoaded: nil
        }
    }

    /// Releases tell of one loss in several events, of which one says the most.
    private func lostDevice(_ standing: IntegrationStanding) -> (IntegrationStatus, StatusReason)? {
        standing.reason == .deviceRemoved ? nil : (.disconnected, .loggedOut)
    }

    private func connecting(
        _ now: Date, _ standing: IntegrationStanding
    ) -> (IntegrationStatus, StatusReason)? {
        switch standing.status {
        case .active: return hasDoubtLasted(standing, now) ? (.pending, .connecting) : nil
        case .pending:
            let waits = standing.reason == .connecting || standing.reason == .connectionLost
            guard waits else { return standing.reason == nil ? (.pending, .connecting) : nil }
            return hasLasted(standing.since, settings.connectingLasts, now) ? (.error, .stuck) : nil
        case .error where standing.reason == .stuck: return nil
        case .disconnected, .error, nil: return (.pending, .connecting)
        }
    }

    private func closed(
        _ number: Int64?, _ now: Date, _ standing: IntegrationStanding
    ) -> (IntegrationStatus, StatusReason)? {
        switch number {
        case nil: return closedSilently(now, standing)
        case 401: return lostDevice(standing)
        case 402, 403, 406: return (.error, .accountRestricted)
        case 411, 440, 500: return (.error, .sessionConflict)
        // The server connects again by itself. While it pairs, that is a step of it.
        default: return standing.status == .active ? (.pending, .connectionLost) : nil
        }
    }

    private func closedSilently(_ now: Date, _ standing: IntegrationStanding) -> (IntegrationStatus, StatusReason)? {
        switch standing.status {
        case .active: return hasDoubtLasted(standing, now) ? (.disconnected, .closed) : nil
        case .pending:
            let waits = standing.reason == .connecting || standing.reason == .connectionLost
            return waits && hasLasted(standing.since, settings.doubtLasts, now) ? (.disconnected, .closed) : nil
        case .error where standing.reason == .instanceMissing || standing.reason == .notLoaded:
            return (.disconnected, .closed)
        case .disconnected where standing.reason == .removed: return (.pending, .connecting)
        case .disconnected, .error, nil: return nil
        }
    }

    private func doubt(_ observation: StatusObservation, _ standing: IntegrationStanding) -> Date? {
        guard standing.status == .active else { return nil }
        return switch observation.signal {
        case .connecting, .closed: standing.doubtedSince ?? observation.seenAt
        default: standing.doubtedSince
        }
    }

    private func hasDoubtLasted(_ standing: IntegrationStanding, _ now: Date) -> Bool {
        hasLasted(standing.doubtedSince, settings.doubtLasts, now)
    }

    private func hasLasted(_ since: Date?, _ time: TimeInterval, _ now: Date) -> Bool {
        since.map { now.timeIntervalSince($0) >= time } ?? false
    }
}
