import HookgateCore
import PostgresClient

/// The WHERE of a ``QuarantineFilter`` over `hookgate.events AS e`, with its parameters.
struct HeldConditions {
    private(set) var parameters: [any PostgresEncodable] = []
    private var conditions = ["e.state = 'quarantined'"]

    init(_ filter: QuarantineFilter) {
        // Left out where not asked for, so that the planner sees which index serves.
        if let reason = filter.reason { require(reason.rawValue) { "e.quarantine_reason = \($0)" } }
        if let instance = filter.instance { require(instance.text) { "e.instance_name = \($0)" } }
        if let organization = filter.organization { require(organization.uuid) { "e.organization_id = \($0)" } }
        if let clinic = filter.clinic { require(clinic.uuid) { "e.clinic_id = \($0)" } }
        if let from = filter.receivedFrom { require(from) { "e.received_at >= \($0)" } }
        if let ids = filter.ids {
            require(ids.map(\.uuid)) { "e.id = ANY (\($0)::uuid[])" }
            if let days = EventConditions.days(of: ids) { require(days) { "e.day = ANY (\($0)::date[])" } }
        }
    }

    var sql: String { conditions.joined(separator: " AND ") }

    mutating func require(after cursor: EventCursor) {
        parameters += [cursor.receivedAt, cursor.id.uuid]
        conditions.append("(e.received_at, e.id) > ($\(parameters.count - 1), $\(parameters.count))")
    }

    /// Adds a value that stands elsewhere in the statement, and says how it is called there.
    mutating func parameter(_ value: any PostgresEncodable) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    private mutating func require(_ value: any PostgresEncodable, _ condition: (String) -> String) {
        conditions.append(condition(parameter(value)))
    }
}
