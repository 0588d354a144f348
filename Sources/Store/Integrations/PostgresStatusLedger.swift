package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The statuses of integrations: their words in `healthcare.integrations`, and beside them what is known, when it
/// changed and why.
package struct PostgresStatusLedger: StatusLedger {
    /// So many changes of one integration are kept.
    private static let longestHistory = 1_000

    private let pool: PostgresPool
    private let bodies: BodyVault
    private let lease: PostgresLease

    package init(pool: PostgresPool, bodies: BodyVault, holder: UUID) {
        self.pool = pool
        self.bodies = bodies
        self.lease = PostgresLease(name: "integration status", holder: holder)
    }

    package func takeTurn(for duration: TimeInterval, at now: Date) async throws -> Bool {
        try await lease.take(for: duration, at: now, on: pool) != nil
    }

    package func takeIn(
        limit: Int, read: @escaping @Sendable ([UInt8]) -> EventReading?,
        decide: @escaping @Sendable (StatusObservation, IntegrationStanding) -> StatusMachine.Verdict
    ) async throws -> StatusIntake {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                SELECT s.event_id, s.integration_id, s.received_at, b.body FROM hookgate.status_signals AS s
                LEFT JOIN hookgate.event_bodies AS b ON b.day = s.day AND b.id = s.event_id
                ORDER BY s.received_at, s.event_id LIMIT \(max(1, limit)) FOR UPDATE OF s SKIP LOCKED
                """)
            guard !rows.isEmpty else { return StatusIntake() }
            let ids = try rows.map { try $0.decode("event_id", as: UUID.self) }
            var intake = StatusIntake()
            intake.taken = rows.count
            var observations: [(IntegrationID, StatusObservation)] = []
            for (row, body) in zip(rows, try await bodies(of: rows, on: connection)) {
                // A body that is gone says nothing; the next poll says how it stands.
                guard let body, let reading = read(body) else { continue }
                guard let signal = reading.signal else {
                    intake.unknown += 1
                    continue
                }
                observations.append(
                    (
                        IntegrationID(try row.decode("integration_id", as: UUID.self)),
                        StatusObservation(
                            signal, seenAt: try row.decode("received_at"), saidAt: reading.saidAt,
                            source: .event(EventID(try row.decode("event_id", as: UUID.self))))
                    ))
            }
            intake = intake + (try await apply(observations, decide, on: connection))
            try await connection.query("DELETE FROM hookgate.status_signals WHERE event_id = ANY ($1::uuid[])", [ids])
            return intake
        }
    }

    package func settle(
        _ observations: [IntegrationID: StatusObservation],
        decide: @escaping @Sendable (StatusObservation, IntegrationStanding) -> StatusMachine.Verdict
    ) async throws -> StatusIntake {
        guard !observations.isEmpty else { return StatusIntake() }
        return try await pool.transaction { connection in
            try await apply(observations.map { ($0.key, $0.value) }, decide, on: connection)
        }
    }

    package func pollable(after id: IntegrationID?, limit: Int) async throws -> [PollableIntegration] {
        try await pool.query(
            """
            SELECT * FROM (
                SELECT \(Self.standingColumns), \(InstanceNameSQL.expression(config: "i.config")) AS instance_name,
                    i.config ->> '\(PostgresIntegrations.serverKey)' AS server
                FROM healthcare.integrations AS i
                LEFT JOIN hookgate.integration_standings AS s ON s.integration_id = i.id
                WHERE i.type = 'whatsapp' AND \(InstanceNameSQL.isEvolution(provider: "i.provider"))
                    AND ($1::uuid IS NULL OR i.id > $1::uuid)
                    -- What is being made or deleted is somebody else's to look at.
                    AND NOT EXISTS (
                        SELECT FROM hookgate.integration_lives AS l
                        WHERE l.integration_id = i.id AND l.state IN (\(PostgresIntegrations.openStates)))
            ) AS listed WHERE instance_name IS NOT NULL ORDER BY id LIMIT \(max(1, limit))
            """, [id?.uuid]
        ).map { row in
            PollableIntegration(
                standing: try Self.standing(row).standing, instance: InstanceName(try row.decode("instance_name")),
                server: try row.decode("server"))
        }
    }

    package func counts() async throws -> [StatusCount] {
        try await pool.query(
            """
            SELECT i.status::text AS status, CASE WHEN s.word = i.status::text THEN s.reason END AS reason, count(*)
            FROM healthcare.integrations AS i
            LEFT JOIN hookgate.integration_standings AS s ON s.integration_id = i.id
            WHERE i.type = 'whatsapp' AND coalesce(i.enabled, true) GROUP BY 1, 2
            """
        ).map { row in
            StatusCount(
                status: try row.decode("status", as: String?.self).flatMap { IntegrationStatus(rawValue: $0) },
                reason: try row.decode("reason", as: String?.self).flatMap { StatusReason(rawValue: $0) },
                count: Int(try row.decode("count", as: Int64.self)))
        }
    }

    private func bodies(of rows: PostgresRows, on connection: PostgresConnection) async throws -> [[UInt8]?] {
        var stored: [BodyVault.Stored] = []
        var places: [Int] = []
        for (place, row) in rows.enumerated() {
            guard let bytes = try row.decode("body", as: [UInt8]?.self) else { continue }
            stored.append(BodyVault.Stored(event: EventID(try row.decode("event_id", as: UUID.self)), bytes: bytes))
            places.append(place)
        }
        var bodies = [[UInt8]?](repeating: nil, count: rows.count)
        for (place, body) in zip(places, try await self.bodies.open(stored, on: connection)) {
            bodies[place] = try? body.get()
        }
        return bodies
    }

    // MARK: Deciding and writing

    private static let standingColumns = """
        i.id, i.status::text AS status, i.phone_number::text AS phone_number, s.word, s.reason, s.since, s.doubted_since,
        s.seen_at, s.said_at
        """

    /// What is known of an integration, with the word that was written last.
    private static func standing(_ row: PostgresRow) throws -> (standing: IntegrationStanding, written: String?) {
        let status: String? = try row.decode("status")
        let written: String? = try row.decode("word")
        let isOurs = written == status
        return (
            IntegrationStanding(
                integrationID: IntegrationID(try row.decode("id", as: UUID.self)), word: status,
                // Of a word that somebody else wrote nothing is known.
                reason: isOurs
                    ? try row.decode("reason", as: String?.self).flatMap { StatusReason(rawValue: $0) } : nil,
                since: isOurs ? try row.decode("since") : nil,
                doubtedSince: isOurs ? try row.decode("doubted_since") : nil, seenAt: try row.decode("seen_at"),
                saidAt: try row.decode("said_at"),
                phone: try row.decode("phone_number", as: String?.self).flatMap { PhoneNumber($0) }), written
        )
    }

    private func apply(
        _ observations: [(id: IntegrationID, observation: StatusObservation)],
        _ decide: (StatusObservation, IntegrationStanding) -> StatusMachine.Verdict,
        on connection: PostgresConnection
    ) async throws -> StatusIntake {
        guard !observations.isEmpty else { return StatusIntake() }
        let ids = Set(observations.map(\.id)).sorted().map(\.uuid)
        // In one order everywhere, so that nobody waits in a circle.
        let rows = try await connection.query(
            """
            SELECT \(Self.standingColumns) FROM healthcare.integrations AS i
            LEFT JOIN hookgate.integration_standings AS s ON s.integration_id = i.id
            WHERE i.id = ANY ($1::uuid[]) AND i.type = 'whatsapp' ORDER BY i.id FOR NO KEY UPDATE OF i
            """, [ids])
        var standings: [IntegrationID: (before: IntegrationStanding, now: IntegrationStanding)] = [:]
        var changes: [(IntegrationID, StatusChange)] = []
        var seen: [IntegrationID: StatusObservation] = [:]
        for (id, observation) in observations where seen[id] == nil { seen[id] = observation }
        for row in rows {
            let (standing, written) = try Self.standing(row)
            standings[standing.integrationID] = (standing, standing)
            if let found = Self.foundChange(standing, written, seen[standing.integrationID]?.seenAt) {
                changes.append((standing.integrationID, found))
            }
        }
        var intake = StatusIntake()
        for (id, observation) in observations {
            guard let standing = standings[id] else { continue }
            let verdict = decide(observation, standing.now)
            standings[id] = (standing.before, verdict.standing)
            if let change = verdict.change { changes.append((id, change)) }
            intake.count(verdict)
        }
        try await write(standings.values.filter { $0.before != $0.now }.map(\.now), on: connection)
        try await note(changes, on: connection)
        return intake
    }

    /// A word that stands in the row and is not the one that was written last.
    private static func foundChange(
        _ standing: IntegrationStanding, _ written: String?, _ seenAt: Date?
    ) -> StatusChange? {
        guard let written, let status = standing.status, written != status.rawValue, let seenAt else { return nil }
        return StatusChange(at: seenAt, from: written, to: status, reason: .outside, source: .found)
    }

    private func write(_ standings: [IntegrationStanding], on connection: PostgresConnection) async throws {
        guard !standings.isEmpty else { return }
        let sorted = standings.sorted { $0.integrationID < $1.integrationID }
        try await connection.query(
            """
            INSERT INTO hookgate.integration_standings AS s (integration_id, word, reason, since, doubted_since, seen_at,
                said_at)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                $6::timestamptz[], $7::timestamptz[])
            ON CONFLICT (integration_id) DO UPDATE SET word = excluded.word, reason = excluded.reason,
                since = excluded.since, doubted_since = excluded.doubted_since, seen_at = excluded.seen_at,
                said_at = excluded.said_at
            """,
            [
                sorted.map(\.integrationID.uuid), sorted.map(\.word), sorted.map(\.reason?.rawValue),
                sorted.map(\.since), sorted.map(\.doubtedSince), sorted.map(\.seenAt), sorted.map(\.saidAt),
            ])
        // `enabled` is a person's word, and of the other columns none is touched: what stands there is the owner's.
        try await connection.query(
            """
            UPDATE healthcare.integrations AS i SET status = n.word,
                phone_number = coalesce(n.phone, i.phone_number),
                connected_at = CASE WHEN n.word = 'active' THEN n.since ELSE i.connected_at END
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
                AS n (id, word, reason, since, phone)
            WHERE i.id = n.id AND i.type = 'whatsapp' AND n.reason IS NOT NULL
                AND (i.status::text IS DISTINCT FROM n.word OR n.phone IS NOT NULL AND i.phone_number IS DISTINCT FROM n.phone)
            """,
            [
                sorted.map(\.integrationID.uuid), sorted.map(\.word), sorted.map(\.reason?.rawValue),
                sorted.map(\.since), sorted.map(\.phone?.text),
            ])
    }

    private func note(_ changes: [(id: IntegrationID, change: StatusChange)], on connection: PostgresConnection)
        async throws
    {
        guard !changes.isEmpty else { return }
        let words = changes.map { Self.words(of: $0.change.source) }
        try await connection.query(
            """
            INSERT INTO hookgate.status_changes (integration_id, changed_at, from_status, to_status, reason, source,
                event_id, actor)
            SELECT integration_id, changed_at, from_status, to_status, reason, source, event_id, actor
            FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                $8::text[]) WITH ORDINALITY
                AS t (integration_id, changed_at, from_status, to_status, reason, source, event_id, actor, place)
            ORDER BY place
            """,
            [
                changes.map(\.id.uuid), changes.map(\.change.at), changes.map(\.change.from),
                changes.map(\.change.to.rawValue), changes.map(\.change.reason.rawValue), words.map(\.source),
                words.map(\.event), words.map(\.actor),
            ])
        try await connection.query(
            """
            DELETE FROM hookgate.status_changes AS c USING (
                SELECT id, row_number() OVER (PARTITION BY integration_id ORDER BY id DESC) AS place
                FROM hookgate.status_changes WHERE integration_id = ANY ($1::uuid[])
            ) AS old WHERE c.id = old.id AND old.place > \(Self.longestHistory)
            """, [Set(changes.map(\.id)).map(\.uuid)])
    }

    private static func words(of source: StatusSource) -> (source: String, event: UUID?, actor: String?) {
        switch source {
        case .event(let id): ("event", id.uuid, nil)
        case .poll: ("poll", nil, nil)
        case .command(let actor): ("command", nil, actor)
        case .found: ("found", nil, nil)
        }
    }
}
