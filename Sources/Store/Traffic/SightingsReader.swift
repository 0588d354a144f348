import HookgateCore
import PostgresClient

/// Reads what gateways have seen of instances, as far as this database has the tables for it.
struct SightingsReader {
    let executor: any PostgresExecutor
    let shapes: TableShapes

    func sightings(of names: [InstanceName]) async throws -> [InstanceName: InstanceSightings] {
        // Such a name stands in no table, and cannot be asked for.
        let texts = names.map(\.text).filter { !$0.utf8.contains(0) }
        var sightings: [InstanceName: InstanceSightings] = [:]
        if let table = shapes.readable(TableShapes.routeTraffic) {
            let lastLive = table.has("retries") ? TrafficSQL.lastLive : "last_seen"
            let rows = try await executor.query(
                """
                SELECT instance_name, route, \(LegacyUnion.utc("max(last_seen)")) AS last_seen,
                    \(LegacyUnion.utc("max(\(lastLive))")) AS last_live
                FROM \(table.name) WHERE instance_name = ANY ($1::text[]) GROUP BY instance_name, route
                """, [texts])
            for row in rows {
                guard let route = Route(rawValue: try row.decode("route")) else { continue }
                let name = InstanceName(try row.decode("instance_name"))
                sightings[name, default: InstanceSightings()].lastSeen[route] = try row.timestamp("last_seen")
                sightings[name, default: InstanceSightings()].lastLive[route] = try row.timestamp("last_live")
            }
        }
        if let table = shapes.readable(TableShapes.oldWay) {
            let rows = try await executor.query(
                """
                SELECT instance_name, sum(same)::bigint AS same, sum(different)::bigint AS different,
                    sum(undecidable)::bigint AS undecidable, \(LegacyUnion.utc("max(last_compared_at)")) AS compared_at,
                    (array_agg(last_outcome ORDER BY last_compared_at DESC))[1] AS outcome,
                    (array_agg(reason ORDER BY last_compared_at DESC))[1] AS reason
                FROM \(table.name) WHERE instance_name = ANY ($1::text[]) GROUP BY instance_name
                """, [texts])
            for row in rows {
                let name = InstanceName(try row.decode("instance_name"))
                sightings[name, default: InstanceSightings()].oldWay = try Self.tally(row)
            }
        }
        return sightings
    }

    private static func tally(_ row: PostgresRow) throws -> OldWayTally? {
        guard let last = OldWayOutcome(rawValue: try row.decode("outcome")),
            let comparedAt = try row.timestamp("compared_at")
        else { return nil }
        var counts: [OldWayOutcome: Int] = [:]
        for outcome in OldWayOutcome.allCases {
            counts[outcome] = Int(try row.decode(outcome.rawValue, as: Int64.self))
        }
        return OldWayTally(counts: counts, last: last, lastComparedAt: comparedAt, reason: try row.decode("reason"))
    }
}
