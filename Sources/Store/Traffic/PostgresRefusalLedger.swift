import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Counts of refused requests, in `hookgate.refused_requests`.
package struct PostgresRefusalLedger: RefusalLedger {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func add(_ counts: [RefusalKey: RefusalCount]) async throws {
        guard !counts.isEmpty else { return }
        let counts = Array(counts)
        try await pool.query(
            """
            INSERT INTO hookgate.refused_requests AS seen (
                instance_name, route, reason, day, first_seen, last_seen, count)
            SELECT instance_name, route, reason, date '1970-01-01' + day, first_seen, last_seen, count
            FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::bigint[])
                AS t(instance_name, route, reason, day, first_seen, last_seen, count)
            -- In one order everywhere, so that two gateways never wait for each other in a circle.
            ORDER BY 1, 2, 3, 4
            ON CONFLICT (instance_name, route, reason, day) DO UPDATE SET
                first_seen = least(seen.first_seen, excluded.first_seen),
                last_seen = greatest(seen.last_seen, excluded.last_seen), count = seen.count + excluded.count
            """,
            [
                counts.map { $0.key.instance?.text ?? "" }, counts.map(\.key.route.rawValue),
                counts.map(\.key.reason.rawValue), counts.map { Int32(clamping: $0.key.day) },
                counts.map(\.value.firstSeen), counts.map(\.value.lastSeen), counts.map { Int64($0.value.count) },
            ])
    }
}
