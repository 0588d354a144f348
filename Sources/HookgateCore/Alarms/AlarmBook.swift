package import FoundationEssentials

/// Something that a person should know of now.
package struct Alarm: Sendable, Equatable {
    package enum Severity: String, Sendable, Comparable {
        /// Webhooks are still stored, and something behind is not well.
        case warning
        /// Webhooks cannot be stored.
        case critical

        package static func < (left: Severity, right: Severity) -> Bool { left == .warning && right == .critical }
    }

    /// A part of readiness: from a closed set.
    package let name: String
    package let severity: Severity
    package let detail: String?

    package init(name: String, severity: Severity, detail: String?) {
        self.name = name
        self.severity = severity
        self.detail = detail
    }
}

extension Readiness {
    /// The parts that are not well, as alarms.
    package var alarms: [Alarm] {
        parts.compactMap { part in
            switch part.state {
            case .ok: nil
            case .degraded: Alarm(name: part.name, severity: .warning, detail: part.detail)
            case .failed: Alarm(name: part.name, severity: .critical, detail: part.detail)
            }
        }
    }
}

/// What is said of an alarm.
package struct AlarmNotice: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case raised
        /// It still holds.
        case repeated
        case cleared
    }

    package let kind: Kind
    package let alarm: Alarm
    /// Since when it has held.
    package let since: Date
    package let at: Date

    package init(kind: Kind, alarm: Alarm, since: Date, at instant: Date) {
        self.kind = kind
        self.alarm = alarm
        self.since = since
        self.at = instant
    }
}

/// Decides what is said of alarms, and when: raised once they have held for a moment, repeated every few hours, cleared
/// once they have been gone for a moment. Pure.
///
///     absent ──seen──▶ suspected ──held long enough──▶ raised ──gone──▶ fading ──gone long enough──▶ absent
///                         └──gone──▶ absent              ▲ └─repeat─┘       └──seen──▶ raised
package struct AlarmBook: Sendable {
    package struct Settings: Sendable {
        /// A start, a restart of the database, a fail-over: what heals by itself is told to nobody.
        package var warningHolds: TimeInterval = 120
        package var criticalHolds: TimeInterval = 15
        package var clearHolds: TimeInterval = 60
        package var repeatInterval: TimeInterval = 4 * 3_600

        package init() {}
    }

    private struct Entry {
        var alarm: Alarm
        var since: Date
        /// Since when it has held in this severity or a worse one; a worse one is told anew.
        var severeSince: Date
        /// What was said last; nil while it is only suspected.
        var said: (severity: Alarm.Severity, at: Date)?
        /// Nil while it holds.
        var goneSince: Date?
    }

    private let settings: Settings
    private var entries: [String: Entry] = [:]

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Names of the alarms that were raised and not cleared.
    package var raised: Set<String> { Set(entries.filter { $0.value.said != nil }.keys) }

    /// Takes in what holds now, and says what is to be told.
    package mutating func observe(_ alarms: [Alarm], at now: Date) -> [AlarmNotice] {
        let present = Dictionary(alarms.map { ($0.name, $0) }) { first, second in
            first.severity < second.severity ? second : first
        }
        var notices: [AlarmNotice] = []
        for name in Set(entries.keys).union(present.keys).sorted() {
            let notice = present[name].map { holds($0, at: now) } ?? isGone(name, at: now)
            if let notice { notices.append(notice) }
        }
        return notices
    }

    private mutating func holds(_ alarm: Alarm, at now: Date) -> AlarmNotice? {
        var entry = entries[alarm.name] ?? Entry(alarm: alarm, since: now, severeSince: now)
        if alarm.severity > entry.alarm.severity { entry.severeSince = now }
        entry.alarm = alarm
        entry.goneSince = nil
        defer { entries[alarm.name] = entry }
        let isNews = entry.said.map { $0.severity < alarm.severity } ?? true
        let holds = alarm.severity == .critical ? settings.criticalHolds : settings.warningHolds
        if isNews {
            guard now.timeIntervalSince(entry.severeSince) >= holds else { return nil }
            entry.said = (alarm.severity, now)
            return AlarmNotice(kind: .raised, alarm: alarm, since: entry.since, at: now)
        }
        guard let said = entry.said, now.timeIntervalSince(said.at) >= settings.repeatInterval else { return nil }
        entry.said = (alarm.severity, now)
        return AlarmNotice(kind: .repeated, alarm: alarm, since: entry.since, at: now)
    }

    private mutating func isGone(_ name: String, at now: Date) -> AlarmNotice? {
        guard var entry = entries[name] else { return nil }
        guard entry.said != nil else {
            entries[name] = nil
            return nil
        }
        let goneSince = entry.goneSince ?? now
        entry.goneSince = goneSince
        guard now.timeIntervalSince(goneSince) >= settings.clearHolds else {
            entries[name] = entry
            return nil
        }
        entries[name] = nil
        return AlarmNotice(kind: .cleared, alarm: entry.alarm, since: entry.since, at: now)
    }
}

/// Tells somebody outside of an alarm. Filled by the command line.
package protocol AlarmSender: Sendable {
    func send(_ notice: AlarmNotice, id: String) async throws
}
