package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Destinations with what waits for them, read from the inbox and the attempts.
package struct PostgresDestinationStandings: DestinationStandings {
    private static let largestPage = 1_000

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func standings(
        of organization: OrganizationID?, after cursor: DestinationScope?, limit: Int, at now: Date
    ) async throws -> [DestinationStanding] {
        try await pool.query(
            Self.statement,
            [organization?.uuid, nil as String?, cursor?.text, min(max(1, limit), Self.largestPage), now]
        ).map(Self.standing)
    }

    package func standing(
        of scope: DestinationScope, seenBy organization: OrganizationID?, at now: Date
    ) async throws -> DestinationStanding? {
        try await pool.query(Self.statement, [organization?.uuid, scope.text, nil as String?, 1, now]).first
            .map(Self.standing)
    }

    package func belongs(_ scope: DestinationScope, to organization: OrganizationID) async throws -> Bool {
        let rows = try await pool.query(
            "WITH \(Self.fleet) SELECT \(Self.isOwn("$2::text")) AS own", [organization.uuid, scope.text])
        return try rows[0].decode("own")
    }

    private static func standing(_ row: PostgresRow) throws -> DestinationStanding {
        let name: String = try row.decode("name")
        guard let scope = DestinationScope(name) else { throw UnreadableDestination(id: name) }
        let isThere = try row.decode("id", as: String?.self) != nil
        return DestinationStanding(
            scope: scope, record: isThere ? try PostgresDestinations.record(row) : nil,
            waiting: Int(try row.decode("waiting", as: Int64.self)), oldest: try row.decode("oldest"),
            attempts: Int(try row.decode("attempts", as: Int64.self)),
            failedAttempts: Int(try row.decode("failed", as: Int64.self)))
    }

    /// Whose the integrations and clinics are, seen from the organization `$1`. A clinic that stands in two
    /// organizations is neither's.
    private static let fleet = """
        own AS (
            SELECT id::text AS integration, clinic_id::text AS clinic FROM healthcare.integrations
            WHERE type = 'whatsapp' AND organization_id::text = $1::uuid::text
        ), shared AS (
            SELECT clinic_id::text AS clinic FROM healthcare.integrations
            WHERE type = 'whatsapp' AND clinic_id IS NOT NULL
                AND organization_id::text IS DISTINCT FROM $1::uuid::text
        )
        """

    private static func isOwn(_ id: String) -> String {
        """
        (\(id) = 'organization:' || $1::uuid::text
            OR \(id) IN (SELECT 'integration:' || integration FROM own)
            OR \(id) IN (
                SELECT 'clinic:' || clinic FROM own
                WHERE clinic IS NOT NULL AND clinic NOT IN (SELECT clinic FROM shared)))
        """
    }

    /// `$1` is an organization or NULL, `$2` the one that is meant or NULL, `$3` where the page before ended, `$4` how
    /// many, `$5` the instant. What waits is found by the index of events that are not delivered, and each goes to the
    /// narrowest destination that takes its organization's; attempts are those of the last two days' partitions.
    private static let statement = """
        WITH \(fleet), shown AS (
            SELECT id FROM (
                SELECT id FROM hookgate.destinations
                WHERE $1::uuid IS NULL OR organization_id IS NULL OR organization_id = $1
                UNION SELECT 'default') AS names
            WHERE ($2::text IS NULL OR id = $2)
                AND ($1::uuid IS NULL OR \(isOwn("id")))
                AND ($3::text IS NULL OR id <> 'default' AND ($3 = 'default' OR id COLLATE "C" > $3))
            ORDER BY id <> 'default', id COLLATE "C" LIMIT $4::bigint
        ), waiting AS (
            SELECT integration_id, clinic_id, organization_id, count(*) AS events, min(received_at) AS oldest
            FROM hookgate.events WHERE state = 'pending' AND ($1::uuid IS NULL OR organization_id = $1)
            GROUP BY 1, 2, 3
        ), routed AS (
            SELECT coalesce(narrow.id, clinic.id, wide.id, 'default') AS id, sum(events)::bigint AS events,
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
            SELECT destination AS id, count(*) AS attempts,
                count(*) FILTER (WHERE result NOT IN ('delivered', 'filtered')) AS failed
            FROM hookgate.delivery_attempts
            WHERE day >= ($5::timestamptz - interval '1 day')::date
                AND started_at > $5::timestamptz - interval '1 hour'
            GROUP BY 1
        )
        SELECT shown.id AS name, d.*, s.secrets, coalesce(routed.events, 0) AS waiting, routed.oldest,
            coalesce(tried.attempts, 0) AS attempts, coalesce(tried.failed, 0) AS failed
        FROM shown
        LEFT JOIN hookgate.destinations AS d ON d.id = shown.id
        LEFT JOIN hookgate.destination_secrets AS s ON s.destination_id = shown.id
        LEFT JOIN routed ON routed.id = shown.id
        LEFT JOIN tried ON tried.id = shown.id
        ORDER BY shown.id <> 'default', shown.id COLLATE "C"
        """
}
