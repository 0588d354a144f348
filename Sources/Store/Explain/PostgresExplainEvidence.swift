package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// What `hookgate explain` reads: the token ledger, the legacy tables, and an event's way.
package struct PostgresExplainEvidence: ExplainEvidence {
    private let pool: PostgresPool
    private let bodies: BodyVault

    package init(pool: PostgresPool, bodies: BodyVault = .clear) {
        self.pool = pool
        self.bodies = bodies
    }

    package func tokenHistory(_ digest: TokenDigest) async throws -> TokenHistory? {
        let rows = try await pool.query(
            """
            SELECT state, grace_until, integration_id, instance_name, created_at, changed_at, revision::text AS revision
            FROM hookgate.tokens WHERE digest = $1
            """, [digest.bytes])
        return try rows.first.map { row in
            TokenHistory(
                standing: try RoutingRow(row).standing(),
                integrationID: try row.decode("integration_id", as: UUID?.self).map { IntegrationID($0) },
                instanceName: try row.decode("instance_name", as: String?.self).map { InstanceName($0) },
                createdAt: try row.decode("created_at"), changedAt: try row.decode("changed_at"),
                revision: UInt64(try row.decode("revision", as: String.self)) ?? 0)
        }
    }

    package func legacyMentions(of name: InstanceName) async throws -> [LegacyMention] {
        guard !name.text.utf8.contains(0) else { return [] }
        let shapes = try await TableShapes.load(from: pool)
        var mentions: [LegacyMention] = []
        for source in LegacySource.allCases where source.yieldsInstances {
            guard let shape = shapes[source.rawValue] else { continue }
            if LegacySourceQuery.hidesNames(shape) {
                mentions.append(LegacyMention(table: source.rawValue, rows: nil))
                continue
            }
            var rows = 0
            for lookUp in LegacySourceQuery(source, shapes: shapes)?.lookUps ?? [] {
                let found = try await pool.query(
                    "SELECT count(*)::bigint AS rows FROM (\(lookUp)) AS found", [name.text])
                rows += Int(try found[0].decode("rows", as: Int64.self))
            }
            mentions.append(LegacyMention(table: source.rawValue, rows: rows))
        }
        return mentions
    }

    package func sightings(of name: InstanceName) async throws -> InstanceSightings? {
        let shapes = try await TableShapes.load(from: pool)
        return try await SightingsReader(executor: pool, shapes: shapes).sightings(of: [name])[name]
    }

    package func refusals(of name: InstanceName) async throws -> [RefusalSummary] {
        guard try await isThere("hookgate.refused_requests") else { return [] }
        return try await PostgresTrafficHistory(pool: pool).traffic(of: [name])[name]?.refusals ?? []
    }

    package func coverage(from start: Date, until end: Date) async throws -> CoverageReport? {
        guard try await isThere("hookgate.coverage") else { return nil }
        let rows = try await pool.query("SELECT EXISTS (SELECT FROM hookgate.coverage) AS is_there")
        guard try rows[0].decode("is_there") else { return nil }
        return try await PostgresCoverageHistory(pool: pool).report(from: start, until: end)
    }

    package func held(of holder: QuarantineHolder) async throws -> HeldCount {
        let condition: String
        let parameters: [any PostgresEncodable]
        switch holder {
        case .integration(let id): (condition, parameters) = ("integration_id = $1", [id.uuid])
        case .instance(let name):
            (condition, parameters) = ("integration_id IS NULL AND instance_name = $1", [name.text])
        case .nobody: (condition, parameters) = ("integration_id IS NULL AND instance_name IS NULL", [])
        }
        let rows = try await pool.query(
            """
            SELECT count(*)::bigint AS events, coalesce(sum(body_bytes), 0)::bigint AS bytes
            FROM hookgate.events WHERE state = 'quarantined' AND \(condition)
            """, parameters)
        return HeldCount(
            holder: holder, events: Int(try rows[0].decode("events", as: Int64.self)),
            bytes: Int(try rows[0].decode("bytes", as: Int64.self)))
    }

    package func secondFactorTallies(of id: IntegrationID) async throws -> [SecondFactorTally] {
        try await PostgresSecondFactors(pool: pool).tallies(of: id)
    }

    package func timeline(of id: EventID) async throws -> EventTimeline? {
        guard let event = try await PostgresEventArchive(pool: pool, bodies: bodies).event(id) else { return nil }
        let places = try await pool.query(
            """
            SELECT gateway_id::text AS gateway, spool_segment, spool_offset FROM hookgate.events
            WHERE id = $1 AND day = ($2::timestamptz AT TIME ZONE 'UTC')::date
            """, [id.uuid, event.summary.receivedAt])
        let place = places.first
        let segment: Int64? = try place?.decode("spool_segment")
        let offset: Int64? = try place?.decode("spool_offset")
        return EventTimeline(
            event: event, gatewayID: try place?.decode("gateway", as: String?.self),
            position: segment.flatMap { segment in
                offset.map { SpoolPosition(segment: UInt64(clamping: segment), offset: UInt64(clamping: $0)) }
            },
            decisions: try await decisions(over: id))
    }

    /// A database of an earlier release has not every table.
    private func isThere(_ table: String) async throws -> Bool {
        try await pool.query("SELECT to_regclass($1) IS NOT NULL AS is_there", [table])[0].decode("is_there")
    }

    private func decisions(over id: EventID) async throws -> [EventTimeline.Decision] {
        guard try await isThere("hookgate.event_decisions") else { return [] }
        return try await pool.query(
            """
            SELECT decided_at, actor, decision, held_because, note FROM hookgate.event_decisions
            WHERE event_id = $1 ORDER BY id LIMIT 100
            """, [id.uuid]
        ).map { row in
            EventTimeline.Decision(
                decidedAt: try row.decode("decided_at"), actor: try row.decode("actor"),
                decision: try row.decode("decision"), heldBecause: try row.decode("held_because"),
                note: try row.decode("note"))
        }
    }
}
