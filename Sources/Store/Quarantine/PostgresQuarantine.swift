import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The held events of `hookgate.events`, and the decisions over them.
package struct PostgresQuarantine: QuarantineStore, QuarantineCounting {
    /// Bodies read at once, to see whom they name.
    private static let bodyBytes = 8 << 20
    /// Whose an event counts as: its integration, else its name.
    private static let holder =
        "e.integration_id, CASE WHEN e.integration_id IS NULL THEN e.instance_name END"

    private let pool: PostgresPool
    private let bodies: BodyVault

    package init(pool: PostgresPool, bodies: BodyVault = .clear) {
        self.pool = pool
        self.bodies = bodies
    }

    // MARK: Looking

    package func groups(_ filter: QuarantineFilter, limit: Int) async throws -> [QuarantineGroup] {
        let conditions = HeldConditions(filter)
        let rows = try await pool.query(
            """
            SELECT e.quarantine_reason, e.integration_id, min(e.instance_name) AS instance_name,
                count(*)::bigint AS events, sum(e.body_bytes)::bigint AS bytes, min(e.received_at) AS oldest
            FROM hookgate.events AS e WHERE \(conditions.sql)
            GROUP BY e.quarantine_reason, \(Self.holder)
            ORDER BY events DESC, oldest LIMIT \(max(1, limit))
            """, conditions.parameters)
        return try rows.map { row in
            let name = try row.decode("instance_name", as: String?.self).map { InstanceName($0) }
            return QuarantineGroup(
                reason: try row.decode("quarantine_reason"), holder: try Self.holder(row), instanceName: name,
                events: Int(try row.decode("events", as: Int64.self)),
                bytes: Int(try row.decode("bytes", as: Int64.self)), oldest: try row.decode("oldest"))
        }
    }

    package func heldCounts(limit: Int) async throws -> [HeldCount] {
        let rows = try await pool.query(
            """
            SELECT e.integration_id, min(e.instance_name) AS instance_name, count(*)::bigint AS events,
                sum(e.body_bytes)::bigint AS bytes
            FROM hookgate.events AS e WHERE e.state = 'quarantined'
            GROUP BY \(Self.holder) ORDER BY events DESC LIMIT \(max(1, limit))
            """)
        return try rows.map { row in
            HeldCount(
                holder: try Self.holder(row), events: Int(try row.decode("events", as: Int64.self)),
                bytes: Int(try row.decode("bytes", as: Int64.self)))
        }
    }

    package func held(
        _ filter: QuarantineFilter, after cursor: EventCursor?, limit: Int
    ) async throws -> [HeldEvent] {
        var conditions = HeldConditions(filter)
        if let cursor { conditions.require(after: cursor) }
        let rows = try await pool.query(
            """
            SELECT \(PostgresEventArchive.columns), e.organization_id FROM hookgate.events AS e
            WHERE \(conditions.sql) ORDER BY e.received_at, e.id LIMIT \(max(1, limit))
            """, conditions.parameters)
        let found = try rows.map { row in
            (try PostgresEventArchive.summary(row), try row.decode("organization_id", as: UUID?.self))
        }
        let namings = try await readNamings(of: found.map(\.0))
        return found.map { summary, organization in
            HeldEvent(
                summary: summary, organizationID: organization.map { OrganizationID($0) },
                naming: namings[summary.id] ?? .bodyGone)
        }
    }

    package func states(of ids: [EventID]) async throws -> [EventID: EventState] {
        let rows = try await pool.query(
            "SELECT id, state FROM hookgate.events WHERE id = ANY ($1::uuid[])", [ids.map(\.uuid)])
        let pairs = try rows.map { row in
            (EventID(try row.decode("id", as: UUID.self)), EventState(rawValue: try row.decode("state")) ?? .pending)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    package func integration(_ id: IntegrationID) async throws -> RoutingEntry? {
        try await pool.query(RoutingSQL.integration, [id.uuid]).first.flatMap { row in try RoutingRow(row).entry() }
    }

    // MARK: Deciding

    package func release(_ events: [ReleasedEvent], act: QuarantineAct) async throws -> Set<EventID> {
        guard !events.isEmpty else { return [] }
        return try await pool.transaction { connection in
            let released = try await release(events, act: act, on: connection)
            let reasons = Dictionary(
                events.filter { released.contains($0.event.id) }.map { ($0.event.quarantineReason ?? "", 1) },
                uniquingKeysWith: +)
            try await note("quarantine.release", reasons, act, on: connection)
            return released
        }
    }

    private func release(
        _ events: [ReleasedEvent], act: QuarantineAct, on connection: PostgresConnection
    ) async throws -> Set<EventID> {
        let rows = try await connection.query(
            """
            WITH released AS (
                SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[])
                    AS t(id, received_at, integration_id, organization_id, clinic_id, instance_name)
            ), changed AS (
                UPDATE hookgate.events AS e
                SET state = 'pending', integration_id = r.integration_id, organization_id = r.organization_id,
                    clinic_id = r.clinic_id, instance_name = coalesce(r.instance_name, e.instance_name)
                FROM released AS r
                WHERE e.day = (r.received_at AT TIME ZONE 'UTC')::date AND e.id = r.id AND e.state = 'quarantined'
                RETURNING e.id, e.quarantine_reason
            ), noted AS (
                INSERT INTO hookgate.event_decisions (event_id, decided_at, actor, decision, held_because, note)
                SELECT id, $7, $8, 'released', quarantine_reason, $9 FROM changed
            )
            SELECT id FROM changed
            """,
            [
                events.map(\.event.id.uuid), events.map(\.event.receivedAt), events.map(\.entry.integrationID.uuid),
                events.map(\.entry.organizationID?.uuid), events.map(\.entry.clinicID?.uuid),
                events.map(\.entry.instanceName?.text), act.decidedAt, act.actor, act.note,
            ])
        return Set(try rows.map { row in EventID(try row.decode("id", as: UUID.self)) })
    }

    package func discard(_ filter: QuarantineFilter, limit: Int, act: QuarantineAct) async throws -> Int {
        try await pool.transaction { connection in
            let reasons = try await discard(filter, limit: limit, act: act, on: connection)
            try await note("quarantine.discard", reasons, act, on: connection)
            return reasons.values.reduce(0, +)
        }
    }

    /// - Returns: how many of each reason.
    private func discard(
        _ filter: QuarantineFilter, limit: Int, act: QuarantineAct, on connection: PostgresConnection
    ) async throws -> [String: Int] {
        var conditions = HeldConditions(filter)
        let (decidedAt, actor, note) = (
            conditions.parameter(act.decidedAt), conditions.parameter(act.actor), conditions.parameter(act.note)
        )
        let rows = try await connection.query(
            """
            WITH chosen AS (
                SELECT e.day, e.id FROM hookgate.events AS e
                WHERE \(conditions.sql) ORDER BY e.received_at, e.id LIMIT \(max(1, limit)) FOR UPDATE
            ), changed AS (
                UPDATE hookgate.events AS e SET state = 'discarded', settled_at = \(decidedAt) FROM chosen AS c
                WHERE e.day = c.day AND e.id = c.id AND e.state = 'quarantined'
                RETURNING e.id, e.quarantine_reason
            ), noted AS (
                INSERT INTO hookgate.event_decisions (event_id, decided_at, actor, decision, held_because, note)
                SELECT id, \(decidedAt)::timestamptz, \(actor), 'discarded', quarantine_reason, \(note) FROM changed
            )
            SELECT quarantine_reason AS reason, count(*)::bigint AS discarded FROM changed GROUP BY 1
            """, conditions.parameters)
        let counts = try rows.map { row in
            (try row.decode("reason", as: String.self), Int(try row.decode("discarded", as: Int64.self)))
        }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    private struct AuditDetail: Encodable {
        let events: Int
        let heldBecause: [String: Int]
        let note: String?
    }

    /// The deed in the audit log, which holds counts; each event's own decision is in `hookgate.event_decisions`.
    private func note(
        _ action: String, _ reasons: [String: Int], _ act: QuarantineAct, on connection: PostgresConnection
    ) async throws {
        guard !reasons.isEmpty else { return }
        let detail = AuditDetail(events: reasons.values.reduce(0, +), heldBecause: reasons, note: act.note)
        try await AuditLog.append(
            AuditEntry(actor: act.actor, action: action, subject: nil, detail: detail), at: act.decidedAt,
            on: connection)
    }

    // MARK: Bodies

    /// Whom each body names, read a few MiB at a time; what has no body any more is missing.
    private func readNamings(of events: [EventSummary]) async throws -> [EventID: HeldEvent.Naming] {
        var namings: [EventID: HeldEvent.Naming] = [:]
        var rest = events[...]
        while let first = rest.first {
            var bytes = first.bodyBytes
            var chunk = rest.prefix(1)
            for event in rest.dropFirst() {
                bytes += event.bodyBytes
                if bytes > Self.bodyBytes { break }
                chunk = rest[chunk.startIndex...chunk.endIndex]
            }
            namings.merge(try await readNamings(ofChunk: chunk), uniquingKeysWith: { first, _ in first })
            rest = rest[chunk.endIndex...]
        }
        return namings
    }

    private func readNamings(ofChunk events: ArraySlice<EventSummary>) async throws -> [EventID: HeldEvent.Naming] {
        let rows = try await pool.query(
            """
            SELECT b.id, b.body FROM unnest($1::uuid[], $2::timestamptz[]) AS wanted(id, received_at)
            JOIN hookgate.event_bodies AS b
                ON b.day = (wanted.received_at AT TIME ZONE 'UTC')::date AND b.id = wanted.id
            """, [events.map(\.id.uuid), events.map(\.receivedAt)])
        let stored = try rows.map { row in
            BodyVault.Stored(event: EventID(try row.decode("id", as: UUID.self)), bytes: try row.decode("body"))
        }
        let opened = try await bodies.open(stored, on: pool)
        return Dictionary(
            zip(stored.map(\.event), opened.map(Self.naming)), uniquingKeysWith: { first, _ in first })
    }

    private static func naming(in body: Result<[UInt8], BodyAbsence>) -> HeldEvent.Naming {
        guard case .success(let body) = body else { return .bodyGone }
        do throws(BodyError) {
            return try BodyScanner.scan(body).instance.map { .instance(InstanceName($0)) } ?? .nobody
        } catch {
            // It was one JSON object when it was accepted: what is there now is not that body.
            return .bodyGone
        }
    }

    private static func holder(_ row: PostgresRow) throws(PostgresError) -> QuarantineHolder {
        QuarantineHolder(
            integrationID: try row.decode("integration_id", as: UUID?.self).map { IntegrationID($0) },
            instanceName: try row.decode("instance_name", as: String?.self).map { InstanceName($0) })
    }
}
