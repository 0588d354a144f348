package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Destinations with what waits for them. Which there are is read anew each time, in one statement; what waits is counted
/// over all of the inbox's events that are not delivered, and seldom: ``DestinationLoads``.
package struct PostgresDestinationStandings: DestinationStandings {
    private static let largestPage = 1_000

    private let pool: PostgresPool
    private let loads: DestinationLoads

    package init(pool: PostgresPool) {
        self.pool = pool
        self.loads = DestinationLoads(pool: pool)
    }

    package func standings(
        of organization: OrganizationID?, after cursor: DestinationScope?, limit: Int, at now: Date
    ) async throws -> [DestinationStanding] {
        let rows = try await pool.query(
            Self.statement, [organization?.uuid, nil as String?, cursor?.text, min(max(1, limit), Self.largestPage)])
        return try await standings(rows, of: organization, at: now)
    }

    package func standing(
        of scope: DestinationScope, seenBy organization: OrganizationID?, at now: Date
    ) async throws -> DestinationStanding? {
        let rows = try await pool.query(Self.statement, [organization?.uuid, scope.text, nil as String?, 1])
        return try await standings(rows, of: organization, at: now).first
    }

    package func belongs(_ scope: DestinationScope, to organization: OrganizationID) async throws -> Bool {
        let rows = try await pool.query(
            "WITH \(Self.fleet) SELECT \(Self.isOwn("$2::text")) AS own", [organization.uuid, scope.text])
        return try rows[0].decode("own")
    }

    private func standings(
        _ rows: PostgresRows, of organization: OrganizationID?, at now: Date
    ) async throws -> [DestinationStanding] {
        guard let first = rows.first else { return [] }
        let counted = try await loads.loads(of: organization, change: try first.decode("change"), at: now)
        return try rows.map { row in
            let name: String = try row.decode("name")
            guard let scope = DestinationScope(name) else { throw UnreadableDestination(id: name) }
            let isThere = try row.decode("id", as: String?.self) != nil
            let load = counted[name] ?? DestinationLoad()
            return DestinationStanding(
                scope: scope, kept: isThere ? try PostgresDestinations.kept(row) : nil, waiting: load.waiting,
                oldest: load.oldest, attempts: load.attempts, failedAttempts: load.failedAttempts)
        }
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
    /// many.
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
        )
        SELECT shown.id AS name, \(PostgresDestinations.columns),
            coalesce((SELECT number FROM hookgate.destination_changes), 0) AS change
        FROM shown
        LEFT JOIN hookgate.destinations AS d ON d.id = shown.id
        LEFT JOIN hookgate.destination_secrets AS s ON s.destination_id = shown.id
        ORDER BY shown.id <> 'default', shown.id COLLATE "C"
        """
}
