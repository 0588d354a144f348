import FoundationEssentials
import HookgateCore
import PostgresClient

/// The WHERE of an ``EventFilter`` over `hookgate.events AS e`, with its parameters. Its cursor is not part of it.
struct EventConditions {
    private(set) var parameters: [any PostgresEncodable] = []
    private var conditions: [String] = []

    init(_ filter: EventFilter) {
        // Written out one by one, and left out where not asked for, so that the planner sees which index serves.
        if let organization = filter.organization { require(organization.uuid) { "e.organization_id = \($0)" } }
        if let clinic = filter.clinic { require(clinic.uuid) { "e.clinic_id = \($0)" } }
        if let instance = filter.instance { require(instance.text) { "e.instance_name = \($0)" } }
        if let state = filter.state { require(state.rawValue) { "e.state = \($0)" } }
        if let reason = filter.reason { require(reason.rawValue) { "e.quarantine_reason = \($0)" } }
        if let kind = filter.kind { require(kind) { "e.event = \($0)" } }
        if let from = filter.receivedFrom { require(from) { "e.received_at >= \($0)" } }
        if let before = filter.receivedBefore { require(before) { "e.received_at < \($0)" } }
        if let ids = filter.ids {
            require(ids.map(\.uuid)) { "e.id = ANY (\($0)::uuid[])" }
            if let days = Self.days(of: ids) { require(days) { "e.day = ANY (\($0)::date[])" } }
        }
    }

    var sql: String { conditions.isEmpty ? "true" : conditions.joined(separator: " AND ") }

    /// Adds a value that stands elsewhere in the statement, and says how it is called there.
    mutating func parameter(_ value: any PostgresEncodable) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    mutating func require(_ condition: String) {
        conditions.append(condition)
    }

    private mutating func require(_ value: any PostgresEncodable, _ condition: (String) -> String) {
        conditions.append(condition(parameter(value)))
    }

    static func day(_ instant: Date) -> String { String(instant.formatted(.iso8601).prefix(10)) }

    /// An id of ours tells the day, and the day the partition; nil as soon as one does not.
    static func days(of ids: [EventID]) -> [String]? {
        var days: Set<String> = []
        for id in ids {
            guard let instant = id.receivedAt else { return nil }
            for offset in [-86_400.0, 0, 86_400] { days.insert(day(instant.addingTimeInterval(offset))) }
        }
        return days.sorted()
    }
}
