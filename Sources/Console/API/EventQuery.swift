import FoundationEssentials
import HookgateCore

/// The filters of a list of events, in a query or a form, for pages and API alike. Narrowed to what the visitor may see.
enum EventQuery {
    static func filter(_ fields: FormFields, scope: OrganizationID?) throws(ConsoleError) -> EventFilter {
        var filter = EventFilter()
        filter.organization = scope
        filter.clinic = try Self.read("clinic_id", fields, "a UUID", ClinicID.init)
        filter.instance = fields["instance"].map { InstanceName($0) }
        filter.state = try Self.read("state", fields, "a state of events", EventState.init(rawValue:))
        filter.reason = try Self.read("reason", fields, "a reason of the quarantine", QuarantineReason.init(rawValue:))
        filter.kind = fields["kind"]
        filter.receivedFrom = try Self.read("since", fields, "a time as in 2026-03-01T08:30:00Z", Self.time)
        filter.receivedBefore = try Self.read("until", fields, "a time as in 2026-03-01T08:30:00Z", Self.time)
        filter.cursor = try Self.read("cursor", fields, "a cursor that a list gave", EventCursor.init)
        return filter
    }

    static func read<Value>(
        _ name: String, _ fields: FormFields, _ what: String, _ read: (String) -> Value?
    ) throws(ConsoleError) -> Value? {
        guard let text = fields[name] else { return nil }
        guard let value = read(text) else { throw .badRequest("\(name) is not \(what).") }
        return value
    }

    /// Times that PostgreSQL has as well.
    static func time(_ text: String) -> Date? {
        guard let time = try? Date(text, strategy: .iso8601),
            (Date(timeIntervalSince1970: 0)..<Date(timeIntervalSince1970: 253_402_300_800)).contains(time)
        else { return nil }
        return time
    }
}

/// Decisions over many events, in bounded steps.
enum EventDecisions {
    private static let batch = 500
    /// What one request decides over at most; whoever wants more asks again.
    static let most = 10_000

    static func groups(
        _ decision: EventDecision, _ filter: EventFilter, _ keeping: any EventKeeping
    ) async throws -> [EventGroup] {
        try await keeping.groups(filter, for: decision, limit: 1_000)
    }

    static func carryOut(
        _ decision: EventDecision, _ filter: EventFilter, act: QuarantineAct, _ keeping: any EventKeeping
    ) async throws -> Int {
        var decided = 0
        while decided < Self.most {
            let count = try await keeping.decide(decision, filter, limit: Self.batch, act: act)
            decided += count
            if count < Self.batch { break }
        }
        return decided
    }
}
