import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Decisions over rows of `hookgate.events`; what waits for delivery follows their states by itself.
package struct PostgresEventKeeping: EventKeeping {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func groups(
        _ filter: EventFilter, for decision: EventDecision, limit: Int
    ) async throws -> [EventGroup] {
        let conditions = Self.conditions(filter, decision)
        let rows = try await pool.query(
            """
            SELECT e.clinic_id, e.state, count(*)::bigint AS events
            FROM hookgate.events AS e \(Self.body(decision)) WHERE \(conditions.sql)
            GROUP BY 1, 2 ORDER BY events DESC, 1, 2 LIMIT \(max(1, limit))
            """, conditions.parameters)
        return try rows.map { row in
            EventGroup(
                clinic: try row.decode("clinic_id", as: UUID?.self).map { ClinicID($0) },
                state: EventState(rawValue: try row.decode("state")) ?? .pending,
                events: Int(try row.decode("events", as: Int64.self)))
        }
    }

    package func states(of ids: [EventID]) async throws -> [EventID: EventState] {
        try await PostgresQuarantine(pool: pool).states(of: ids)
    }

    package func decide(
        _ decision: EventDecision, _ filter: EventFilter, limit: Int, act: QuarantineAct
    ) async throws -> Int {
        try await pool.transaction { connection in
            let counts = try await decide(decision, filter, limit: limit, act: act, on: connection)
            guard !counts.isEmpty else { return 0 }
            let total = counts.values.reduce(0, +)
            let entry = try AuditEntry(
                actor: act.actor, action: "events.\(decision.rawValue)", subject: nil,
                detail: AuditDetail(events: total, were: counts, note: act.note))
            try await AuditLog.append(entry, at: act.decidedAt, on: connection)
            return total
        }
    }

    private struct AuditDetail: Encodable {
        let events: Int
        let were: [String: Int]
        let note: String?
    }

    /// - Returns: how many were in each state.
    private func decide(
        _ decision: EventDecision, _ filter: EventFilter, limit: Int, act: QuarantineAct,
        on connection: PostgresConnection
    ) async throws -> [String: Int] {
        var conditions = Self.conditions(filter, decision)
        let at = conditions.parameter(act.decidedAt) + "::timestamptz"
        let (actor, note) = (conditions.parameter(act.actor), conditions.parameter(act.note))
        // What an earlier batch of this act let go may be delivered, or parked, by now: once is what was asked for.
        if decision == .replay { conditions.require("e.replayed_at IS DISTINCT FROM \(at)") }
        let rows = try await connection.query(
            """
            WITH chosen AS (
                SELECT e.day, e.id, e.state, coalesce(e.settled_reason, e.state) AS was
                FROM hookgate.events AS e \(Self.body(decision)) WHERE \(conditions.sql)
                ORDER BY e.received_at, e.id LIMIT \(max(1, limit)) FOR UPDATE OF e\(Self.lock(decision))
            ), changed AS (
                UPDATE hookgate.events AS e SET \(Self.change(decision, at)) FROM chosen AS c
                WHERE e.day = c.day AND e.id = c.id
                RETURNING e.id, c.state, c.was
            ), noted AS (
                INSERT INTO hookgate.event_decisions (event_id, decided_at, actor, decision, held_because, note)
                SELECT id, \(at), \(actor), '\(Self.word(decision))', was, \(note) FROM changed
            )
            SELECT state, count(*)::bigint AS events FROM changed GROUP BY 1
            """, conditions.parameters)
        let counts = try rows.map { row in
            (try row.decode("state", as: String.self), Int(try row.decode("events", as: Int64.self)))
        }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    private static func conditions(_ filter: EventFilter, _ decision: EventDecision) -> EventConditions {
        var conditions = EventConditions(filter)
        let states = filter.state == nil && filter.ids == nil ? decision.usualStates : decision.states
        conditions.require("e.state IN (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", ")))")
        if decision == .replay {
            conditions.require("(e.state <> 'discarded' OR e.quarantine_reason IS NULL)")
        }
        return conditions
    }

    /// Only what still has its words can be sent; the lock keeps retention from taking them meanwhile.
    private static func body(_ decision: EventDecision) -> String {
        decision == .replay ? "JOIN hookgate.event_bodies AS b ON b.day = e.day AND b.id = e.id" : ""
    }

    private static func lock(_ decision: EventDecision) -> String {
        decision == .replay ? " FOR KEY SHARE OF b" : ""
    }

    private static func change(_ decision: EventDecision, _ at: String) -> String {
        switch decision {
        case .replay: "state = 'pending', replayed_at = \(at), settled_at = NULL, settled_reason = NULL"
        case .park: "state = 'parked', settled_at = \(at), settled_reason = 'by_hand'"
        case .discard: "state = 'discarded', settled_at = \(at), settled_reason = 'by_hand'"
        }
    }

    private static func word(_ decision: EventDecision) -> String {
        switch decision {
        case .replay: "replayed"
        case .park: "parked"
        case .discard: "discarded"
        }
    }
}
