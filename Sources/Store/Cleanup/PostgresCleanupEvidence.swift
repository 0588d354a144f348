package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The gates' evidence from PostgreSQL.
package struct PostgresCleanupEvidence: CleanupEvidence {
    /// Looks older than this are forgotten.
    private static let looksKept: TimeInterval = 60 * 86_400
    private static let betweenLooks: TimeInterval = 3_600

    private let pool: PostgresPool
    private let schema: SchemaApplier

    /// - Parameter directURL: past a transaction pooler, for what asks of the schema.
    package init(pool: PostgresPool, directURL: String) {
        self.pool = pool
        self.schema = SchemaApplier(url: directURL)
    }

    private static let names = LegacySource.archived.map(\.rawValue)

    // MARK: The catalogue

    package func facts() async throws -> CleanupFacts {
        let pending = try await schema.status().builtIn.filter { entry in
            if case .applied = entry.state { false } else { true }
        }.map(\.name)
        // As the inventory reads, so that what is counted here counts as our own.
        return try await PostgresMigrationInventory(pool: pool).snapshot { connection, _ in
            CleanupFacts(
                pendingSchema: pending, tables: try await tables(connection),
                lackingRights: try await connection.query(CleanupQueries.lackingRights, [Self.names]).map {
                    (what: try $0.decode("what"), remedy: try $0.decode("remedy"))
                },
                dependencies: try await dependencies(CleanupQueries.dependencies, connection)
                    + dependencies(CleanupQueries.functions(LegacySource.archived), connection, takesNames: false)
                    + dependencies(CleanupQueries.collisions, connection),
                remarks: try await dependencies(CleanupQueries.remarks, connection))
        }
    }

    private func tables(_ connection: PostgresConnection) async throws -> [CleanupPlan.Table] {
        var tables: [LegacySource: CleanupPlan.Table] = [:]
        for row in try await connection.query(CleanupQueries.tables, [Self.names]) {
            guard let source = LegacySource(rawValue: try row.decode("name")) else { continue }
            tables[source] = CleanupPlan.Table(
                source: source,
                rows: try row.decode("is_readable") ? try await count(source, connection) : row.decode("estimate"),
                bytes: try row.decode("bytes"))
        }
        return LegacySource.archived.compactMap { tables[$0] }
    }

    private func count(_ source: LegacySource, _ connection: PostgresConnection) async throws -> Int {
        try await connection.query("SELECT count(*) AS rows FROM \(source.rawValue)").first?.decode("rows") ?? 0
    }

    private func dependencies(
        _ query: String, _ connection: PostgresConnection, takesNames: Bool = true
    ) async throws -> [CleanupFacts.Dependency] {
        try await connection.query(query, takesNames ? [Self.names] : []).compactMap { row in
            guard let table = LegacySource(rawValue: try row.decode("name")) else { return nil }
            return CleanupFacts.Dependency(table: table, object: try row.decode("object"))
        }
    }

    // MARK: Counters

    package func look(at now: Date) async throws -> [TableLook] {
        try await pool.transaction { connection in
            try await connection.query(
                "DELETE FROM hookgate.table_looks WHERE looked_at < $1", [now.addingTimeInterval(-Self.looksKept)])
            let earlier = try await connection.query(
                """
                SELECT looked_at, table_name, table_oid, scans, writes, own_scans, reset_at FROM hookgate.table_looks
                WHERE table_name = ANY ($1::text[]) ORDER BY table_name, looked_at, id
                """, [Self.names]
            ).compactMap(Self.look)
            let latest = try await connection.query(
                """
                SELECT $2::timestamptz AS looked_at, name AS table_name, identity AS table_oid, scans, writes, own_scans,
                    reset_at FROM (\(CleanupQueries.counters)) AS counters
                """, [Self.names, now]
            ).compactMap(Self.look)
            for look in latest where !Self.hasRecent(earlier, before: look) { try await keep(look, connection) }
            return earlier + latest
        }
    }

    /// A plan may be asked for every minute; comparing needs no look for each.
    private static func hasRecent(_ looks: [TableLook], before look: TableLook) -> Bool {
        looks.contains { $0.source == look.source && look.at.timeIntervalSince($0.at) < betweenLooks }
    }

    private func keep(_ look: TableLook, _ connection: PostgresConnection) async throws {
        try await connection.query(
            """
            INSERT INTO hookgate.table_looks (looked_at, table_name, table_oid, scans, writes, own_scans, reset_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                look.at, look.source.rawValue, look.identity, look.scans, look.writes, look.ownScans, look.resetAt,
            ])
    }

    private static func look(_ row: PostgresRow) throws -> TableLook? {
        guard let source = LegacySource(rawValue: try row.decode("table_name")) else { return nil }
        return TableLook(
            source: source, at: try row.decode("looked_at"), identity: try row.decode("table_oid"),
            scans: try row.decode("scans"), writes: try row.decode("writes"), ownScans: try row.decode("own_scans"),
            resetAt: try row.decode("reset_at"))
    }

    // MARK: Instances

    package func namesWithoutIntegration(limit: Int) async throws -> (names: [InstanceName], total: Int) {
        try await PostgresMigrationInventory(pool: pool).snapshot { connection, shapes in
            guard let integrations = IntegrationColumns(shapes) else { return ([], 0) }
            let rows = try await connection.query(
                """
                WITH missing AS (
                    SELECT DISTINCT name COLLATE "C" AS name FROM (\(LegacyUnion(shapes).rows)) AS legacy
                    EXCEPT SELECT name COLLATE "C" FROM (\(integrations.namesAsLegacyRows)) AS known (rank, id, name)
                )
                SELECT name, count(*) OVER () AS total FROM missing ORDER BY name LIMIT $1::bigint
                """, [limit])
            let names = try rows.map { InstanceName(try $0.decode("name", as: String.self)) }
            return (names, try rows.first?.decode("total") ?? 0)
        }
    }

    package func verification() async throws -> FleetVerification? {
        let rows = try await pool.query(
            """
            SELECT verified_at, mark, verified, mismatched, missing, undecided, excluded::text AS excluded
            FROM hookgate.verifications ORDER BY id DESC LIMIT 1
            """)
        guard let row = rows.first else { return nil }
        let excluded = try JSONDecoder().decode(
            [String: String].self, from: Data(try row.decode("excluded", as: String.self).utf8))
        return FleetVerification(
            verifiedAt: try row.decode("verified_at"), mark: InventoryMark(try row.decode("mark")),
            verified: try row.decode("verified"), mismatched: try row.decode("mismatched"),
            missing: try row.decode("missing"), undecided: try row.decode("undecided"),
            excluded: Dictionary(
                excluded.map { (InstanceName($0.key), $0.value) }, uniquingKeysWith: { first, _ in first }))
    }

    // MARK: Traffic

    package func legacyTraffic(since start: Date) async throws -> [LegacyTraffic] {
        try await pool.query(
            """
            SELECT instance_name, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
                max(\(TrafficSQL.lastLive)) AS last_live, sum(count)::bigint AS count, sum(retries)::bigint AS retries
            FROM hookgate.route_traffic
            WHERE route = 'instance' AND instance_name <> '' AND day >= ($1::timestamptz AT TIME ZONE 'UTC')::date
            GROUP BY instance_name HAVING max(last_seen) >= $1
            ORDER BY max(last_seen) DESC
            """, [start]
        ).map { row in
            LegacyTraffic(
                instance: InstanceName(try row.decode("instance_name")),
                traffic: RouteTraffic(
                    firstSeen: try row.decode("first_seen"), lastSeen: try row.decode("last_seen"),
                    lastLive: try row.decode("last_live"), events: Int(try row.decode("count", as: Int64.self)),
                    retries: Int(try row.decode("retries", as: Int64.self))))
        }
    }
}
