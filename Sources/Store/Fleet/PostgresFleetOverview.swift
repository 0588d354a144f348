package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Counts the fleet for the console's first page.
package final class PostgresFleetOverview: FleetOverviewSource {
    private static let longestTraffic = 24 * 60
    private static let longestDays = 90

    private let pool: PostgresPool
    private let statement: LegacyStatement

    package init(pool: PostgresPool) {
        self.pool = pool
        self.statement = LegacyStatement(pool: pool, make: Self.statement)
    }

    package func overview(of organization: OrganizationID?, at now: Date) async throws -> FleetOverview {
        let rows = try await statement.rows([organization?.uuid, now])
        guard let row = rows.first else { return FleetOverview() }
        let statuses = try Self.counts(row.decode("statuses", as: String.self))
        let switched = try Self.counts(row.decode("switched", as: String.self))
        let events = try Self.counts(row.decode("events", as: String.self))
        return FleetOverview(
            integrations: statuses, legacyOnly: try row.decode("legacy_only"), disabled: try row.decode("disabled"),
            withToken: try row.decode("with_token"),
            switchedOver: Self.keyed(switched), seenOnTokenRoute: try row.decode("on_token"),
            liveOnOldRoute: try row.decode("on_old"), events: Self.keyed(events),
            oldestPending: try row.decode("oldest"), attempts: try row.decode("attempts"),
            failedAttempts: try row.decode("failed"))
    }

    package func traffic(minutes: Int, until now: Date) async throws -> [TrafficMinute] {
        let count = min(max(1, minutes), Self.longestTraffic)
        let rows = try await pool.query(
            """
            SELECT m AS minute, coalesce(sum(t.token), 0)::bigint AS token,
                coalesce(sum(t.instance), 0)::bigint AS instance
            FROM generate_series(date_trunc('minute', $1::timestamptz) - make_interval(mins => \(count - 1)),
                date_trunc('minute', $1::timestamptz), interval '1 minute') AS m
            LEFT JOIN hookgate.traffic_minutes AS t ON t.minute = m
            GROUP BY m ORDER BY m
            """, [now])
        return try rows.map { row in
            TrafficMinute(
                minute: try row.decode("minute"), token: Int(try row.decode("token", as: Int64.self)),
                instance: Int(try row.decode("instance", as: Int64.self)))
        }
    }

    package func traffic(of instance: InstanceName, days: Int, until now: Date) async throws -> [InstanceTrafficDay] {
        guard !instance.text.utf8.contains(0) else { return [] }
        let count = min(max(1, days), Self.longestDays)
        let rows = try await pool.query(
            """
            SELECT d AT TIME ZONE 'UTC' AS day, coalesce(sum(t.count) FILTER (WHERE t.route = 'token'), 0)::bigint AS token,
                coalesce(sum(t.count) FILTER (WHERE t.route = 'instance'), 0)::bigint AS instance
            FROM generate_series(
                date_trunc('day', $2::timestamptz AT TIME ZONE 'UTC') - make_interval(days => \(count - 1)),
                date_trunc('day', $2::timestamptz AT TIME ZONE 'UTC'), interval '1 day') AS d
            LEFT JOIN hookgate.route_traffic AS t ON t.instance_name = $1 AND t.day = d::date
            GROUP BY d ORDER BY d
            """, [instance.text, now])
        return try rows.map { row in
            InstanceTrafficDay(
                day: try row.decode("day"), token: Int(try row.decode("token", as: Int64.self)),
                instance: Int(try row.decode("instance", as: Int64.self)))
        }
    }

    /// One picture. `$1` is an organization or NULL, `$2` the instant. Everything that grows with traffic is read by an
    /// index, and ends with the partitions of two days. Who was seen on the token route in the last days is found among
    /// their traffic, which is one range of an index; the others are looked up one by one.
    private static func statement(_ legacy: LegacyUnion) -> String {
        """
        WITH every AS MATERIALIZED (
            -- The name is read out of the JSON once, and not for each place where it is asked for.
            SELECT i.organization_id::text AS organization, lower(coalesce(i.status, 'unknown')) AS status,
                coalesce(i.enabled, true) AS enabled, i.webhook_token, \(IntegrationColumns.condition) AS is_evolution,
                \(InstanceNameSQL.expression(config: "i.config")) COLLATE "C" AS instance_name
            FROM healthcare.integrations i WHERE i.type = 'whatsapp'
        ), fleet AS (
            SELECT * FROM every WHERE $1::uuid IS NULL OR organization = $1::text
        ), lately AS MATERIALIZED (
            SELECT instance_name, route, last_seen FROM hookgate.route_traffic
            WHERE day >= (($2::timestamptz - interval '1 day') AT TIME ZONE 'UTC')::date AND instance_name <> ''
        ), legacy AS (
            SELECT count(*) AS unmigrated FROM (
                SELECT name COLLATE "C" FROM (\(legacy.rows)) AS source
                WHERE $1::uuid IS NULL OR organization = $1::uuid::text
                EXCEPT SELECT instance_name FROM every WHERE is_evolution) AS names
        ), on_token AS (
            SELECT count(*) AS names FROM (SELECT DISTINCT instance_name AS name FROM fleet) AS own
            WHERE name IN (SELECT instance_name FROM lately WHERE route = 'token')
                -- As a value, which is asked for one by one: as a condition all traffic there ever was might be read.
                OR (SELECT true FROM hookgate.route_traffic AS t
                    WHERE t.instance_name = own.name AND t.route = 'token' LIMIT 1)
        ), traffic AS (
            SELECT (SELECT names FROM on_token) AS on_token, count(DISTINCT instance_name) AS on_old FROM lately
            WHERE route = 'instance' AND last_seen > $2::timestamptz - interval '1 day'
                AND ($1::uuid IS NULL OR instance_name IN (SELECT instance_name FROM fleet))
        ), tried AS (
            SELECT count(*) AS attempts,
                count(*) FILTER (WHERE result NOT IN ('delivered', 'filtered')) AS failed
            FROM hookgate.delivery_attempts AS a
            WHERE day >= ($2::timestamptz - interval '1 day')::date AND started_at > $2::timestamptz - interval '1 hour'
                AND ($1::uuid IS NULL OR EXISTS (
                    SELECT FROM hookgate.events AS e WHERE e.day = a.day AND e.id = a.event_id AND e.organization_id = $1))
        )
        SELECT
            (SELECT coalesce(jsonb_object_agg(status, n), '{}') FROM (
                SELECT status, count(*) AS n FROM fleet GROUP BY 1) AS s)::text AS statuses,
            legacy.unmigrated::int AS legacy_only,
            (SELECT count(*) FROM fleet WHERE NOT enabled)::int AS disabled,
            (SELECT count(*) FROM fleet WHERE webhook_token IS NOT NULL)::int AS with_token,
            (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM (
                SELECT state, count(*) AS n FROM (
                    SELECT DISTINCT ON (instance_name, server) instance_name, server, state
                    FROM hookgate.switch_overs ORDER BY instance_name, server, state = 'abandoned', id DESC) AS newest
                WHERE $1::uuid IS NULL OR instance_name IN (SELECT instance_name FROM fleet)
                GROUP BY 1) AS s)::text AS switched,
            (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM (
                SELECT state, count(*) AS n FROM hookgate.events
                WHERE state IN ('pending', 'parked', 'quarantined') AND ($1::uuid IS NULL OR organization_id = $1)
                GROUP BY 1) AS s)::text AS events,
            (SELECT min(received_at) FROM hookgate.events
                WHERE state = 'pending' AND ($1::uuid IS NULL OR organization_id = $1)) AS oldest,
            traffic.on_token::int, traffic.on_old::int, tried.attempts::int, tried.failed::int
        FROM legacy, traffic, tried
        """
    }

    /// `{"active": 12}`.
    private static func counts(_ text: String) throws -> [String: Int] {
        try JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
    }

    private static func keyed<Key: RawRepresentable<String>>(_ counts: [String: Int]) -> [Key: Int] {
        counts.reduce(into: [:]) { all, count in
            if let key = Key(rawValue: count.key) { all[key] = count.value }
        }
    }
}
