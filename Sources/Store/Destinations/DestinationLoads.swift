import FoundationEssentials
import HookgateCore
import PostgresClient

/// What waits for one destination, and how it did lately.
struct DestinationLoad: Sendable {
    var waiting = 0
    var oldest: Date?
    var attempts = 0
    var failedAttempts = 0
}

/// Counts what waits for each destination, for everybody who looks at it. A count reads every event that waits: with
/// many, one after the other would keep the database from the events themselves. So however many look, there is one
/// count at a time of each organization, it is good for some seconds, and counting takes no more than a small part of
/// the time. A change of any destination sends events elsewhere, so that everything is counted anew.
actor DestinationLoads {
    private static let freshFor: TimeInterval = 0.9
    /// Of the time, at most one part in so many is spent counting.
    private static let rest = 10.0
    private static let longestFresh: TimeInterval = 15
    /// Organizations that are remembered.
    private static let mostKept = 256

    private struct Known {
        let loads: [String: DestinationLoad]
        let change: Int64
        let at: Date
        let freshFor: TimeInterval
    }

    private struct Count: Hashable {
        let organization: OrganizationID?
        let change: Int64
    }

    private let pool: PostgresPool
    private var known: [OrganizationID?: Known] = [:]
    private var counts: [Count: Task<[String: DestinationLoad], any Error>] = [:]

    init(pool: PostgresPool) {
        self.pool = pool
    }

    /// By the destinations' names.
    /// - Parameters:
    ///   - organization: whose events are counted; nil for all.
    ///   - change: the number of the latest change of the destinations.
    func loads(of organization: OrganizationID?, change: Int64, at now: Date) async throws -> [String: DestinationLoad]
    {
        if let known = known[organization], known.change == change,
            abs(now.timeIntervalSince(known.at)) < known.freshFor
        {
            return known.loads
        }
        let count = Count(organization: organization, change: change)
        if let task = counts[count] { return try await task.value }
        // Of nobody's own: who asked first may go before it has ended, and the others still want it.
        let task = Task<[String: DestinationLoad], any Error> { [pool] in
            var loads: [String: DestinationLoad] = [:]
            for row in try await pool.query(Self.statement, [organization?.uuid, now]) {
                let name: String = try row.decode("name")
                loads[name] = try Self.load(row)
            }
            return loads
        }
        counts[count] = task
        let begun = ContinuousClock.now
        let result = await task.result
        let took = begun.duration(to: .now) / .seconds(1)
        counts[count] = nil
        let loads = try result.get()
        if known.count >= Self.mostKept { known.removeAll() }
        known[organization] = Known(
            loads: loads, change: change, at: now,
            freshFor: min(max(Self.freshFor, took * Self.rest), Self.longestFresh))
        return loads
    }

    private static func load(_ row: PostgresRow) throws -> DestinationLoad {
        DestinationLoad(
            waiting: Int(try row.decode("waiting", as: Int64.self)), oldest: try row.decode("oldest"),
            attempts: Int(try row.decode("attempts", as: Int64.self)),
            failedAttempts: Int(try row.decode("failed", as: Int64.self)))
    }

    /// `$1` is an organization or NULL, `$2` the instant. What waits is found by the index of events that are not
    /// delivered, and each goes to the narrowest destination that takes its organization's; attempts are those of the
    /// last two days' partitions.
    private static let statement = """
        WITH waiting AS (
            SELECT integration_id, clinic_id, organization_id, count(*) AS events, min(received_at) AS oldest
            FROM hookgate.events WHERE state = 'pending' AND ($1::uuid IS NULL OR organization_id = $1)
            GROUP BY 1, 2, 3
        ), routed AS (
            SELECT coalesce(narrow.id, clinic.id, wide.id, 'default') AS name, sum(events)::bigint AS events,
                min(oldest) AS oldest
            FROM waiting
            LEFT JOIN hookgate.destinations AS narrow ON narrow.id = 'integration:' || waiting.integration_id::text
                AND coalesce(narrow.organization_id = waiting.organization_id, narrow.organization_id IS NULL)
            LEFT JOIN hookgate.destinations AS clinic ON clinic.id = 'clinic:' || waiting.clinic_id::text
                AND coalesce(clinic.organization_id = waiting.organization_id, clinic.organization_id IS NULL)
            LEFT JOIN hookgate.destinations AS wide ON wide.id = 'organization:' || waiting.organization_id::text
                AND coalesce(wide.organization_id = waiting.organization_id, wide.organization_id IS NULL)
            GROUP BY 1
        ), tried AS (
            SELECT destination AS name, count(*) AS attempts,
                count(*) FILTER (WHERE result NOT IN ('delivered', 'filtered')) AS failed
            FROM hookgate.delivery_attempts
            WHERE day >= ($2::timestamptz - interval '1 day')::date
                AND started_at > $2::timestamptz - interval '1 hour'
            GROUP BY 1
        )
        SELECT name, coalesce(routed.events, 0) AS waiting, routed.oldest, coalesce(tried.attempts, 0) AS attempts,
            coalesce(tried.failed, 0) AS failed
        FROM routed FULL JOIN tried USING (name) WHERE name IS NOT NULL
        """
}
