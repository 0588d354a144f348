import Crypto
import FoundationEssentials
import HookgateCore
import PostgresClient

/// Writes batches of events into `hookgate.events`, each batch in one transaction, each event once, and what repeats
/// an event not again.
struct InboxWriter: Sendable {
    private static let insert = """
        WITH incoming AS (
            SELECT * FROM unnest(
                $1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[],
                $16::bytea[], $17::bytea[], $20::uuid[], $21::timestamptz[], $22::text[], $24::text[], $25::timestamptz[],
                $26::bigint[], $30::bytea[])
            AS t(id, received_at, integration_id, organization_id, clinic_id, instance_name, route, event,
                event_suffix, message_id, chat, state, quarantine_reason, spool_segment, spool_offset,
                body_sha256, body, original_id, original_received_at, duplicate_kind, twin_route, twin_received_at,
                body_bytes, token_digest)
        ), stored AS (
            INSERT INTO hookgate.events (
                id, day, received_at, stored_at, integration_id, organization_id, clinic_id, instance_name, route,
                event, event_suffix, message_id, chat, state, quarantine_reason, gateway_id, spool_segment,
                spool_offset, body_bytes, body_sha256, token_digest)
            SELECT id, (received_at AT TIME ZONE 'UTC')::date, received_at, $18, integration_id, organization_id,
                clinic_id, instance_name, route, event, event_suffix, message_id, chat, state, quarantine_reason,
                $19, spool_segment, spool_offset, body_bytes, body_sha256, token_digest
            FROM incoming WHERE original_id IS NULL
            ON CONFLICT DO NOTHING
            RETURNING id, day
        ), bodies AS (
            INSERT INTO hookgate.event_bodies (id, day, body)
            SELECT stored.id, stored.day, incoming.body FROM stored JOIN incoming ON incoming.id = stored.id
            -- A long one follows in parts.
            WHERE octet_length(incoming.body) > 0 OR incoming.body_bytes = 0
        ), dropped AS (
            INSERT INTO hookgate.duplicate_events (
                id, original_id, original_day, kind, route, instance_name, received_at, gateway_id, expires_at)
            SELECT id, original_id, (original_received_at AT TIME ZONE 'UTC')::date, duplicate_kind, route,
                instance_name, received_at, $19, $23
            FROM incoming WHERE original_id IS NOT NULL
                -- Shipped again after a crash, and stored the first time by a release that knew no duplicates.
                AND NOT EXISTS (
                    SELECT FROM hookgate.events AS e
                    WHERE e.id = incoming.id AND e.day = (incoming.received_at AT TIME ZONE 'UTC')::date)
            ON CONFLICT DO NOTHING
            RETURNING id, kind
        ), counted AS (
            INSERT INTO hookgate.duplicate_counts AS so_far (gateway_id, day, kind, count)
            SELECT $19, ($18 AT TIME ZONE 'UTC')::date, kind, count(*) FROM dropped GROUP BY kind ORDER BY kind
            ON CONFLICT (gateway_id, day, kind) DO UPDATE SET count = so_far.count + excluded.count
        ), counting AS (
            SELECT coalesce(instance_name, '') AS instance_name, route, received_at, coalesce(duplicate_kind = 'retry' AND
                -- On another route it is no retry: the same body comes on both.
                CASE WHEN twin_route IS NOT NULL
                    THEN twin_route = route AND received_at <= twin_received_at + \(TrafficSQL.longestRetry)
                    ELSE (SELECT e.route = incoming.route AND incoming.received_at <= e.received_at + \(TrafficSQL.longestRetry)
                          FROM hookgate.events AS e WHERE e.id = original_id
                              AND e.day = (original_received_at AT TIME ZONE 'UTC')::date) END, false) AS is_retry
            -- Also what is no news shows that a sender still uses this URL.
            FROM incoming JOIN (SELECT id FROM stored UNION ALL SELECT id FROM dropped) AS fresh USING (id)
            -- A held event proves nothing of the token route; on the legacy route every sender counts.
            WHERE state = 'pending' OR (state <> 'probe' AND route = 'instance')
        ), traffic AS (
            INSERT INTO hookgate.route_traffic AS seen (
                instance_name, route, day, first_seen, last_seen, count, retries, last_live)
            SELECT instance_name, route, (received_at AT TIME ZONE 'UTC')::date, min(received_at), max(received_at),
                count(*), count(*) FILTER (WHERE is_retry), max(received_at) FILTER (WHERE NOT is_retry)
            FROM counting
            GROUP BY 1, 2, 3
            -- In one order everywhere, so that two gateways never wait for each other in a circle.
            ORDER BY 1, 2, 3
            ON CONFLICT (instance_name, route, day) DO UPDATE SET
                first_seen = least(seen.first_seen, excluded.first_seen),
                last_seen = greatest(seen.last_seen, excluded.last_seen), count = seen.count + excluded.count,
                retries = seen.retries + excluded.retries, last_live = greatest(seen.last_live, excluded.last_live)
        ), noted AS (
            \(SpoolAccount.note(gateway: "$19", now: "$18", accepted: "$27", shipped: "$28", lost: "$29"))
        )
        SELECT (SELECT count(*) FROM stored)::bigint AS stored,
            (SELECT count(*) FROM dropped WHERE kind = 'retry')::bigint AS retries,
            (SELECT count(*) FROM dropped WHERE kind = 'copy')::bigint AS copies,
            ARRAY(SELECT id FROM stored ORDER BY id) AS ids,
            ARRAY(SELECT day - DATE '2000-01-01' FROM stored ORDER BY id) AS days
        """

    private static let ensurePartitions = """
        SELECT hookgate.ensure_event_partitions(day)
        FROM (SELECT DISTINCT (instant AT TIME ZONE 'UTC')::date AS day FROM unnest($1::timestamptz[]) AS instant) AS days
        """

    let pool: PostgresPool
    let gatewayID: UUID
    let time: TimeSource
    let bodies: BodyVault

    init(pool: PostgresPool, gatewayID: UUID, time: TimeSource, bodies: BodyVault = .clear) {
        self.pool = pool
        self.gatewayID = gatewayID
        self.time = time
        self.bodies = bodies
    }

    /// Writes a batch. Rows that the database refuses for what is in them are found by halving, and go in without
    /// their texts, so that one odd event does not hold up all that follow.
    /// - Parameter account: how far the spool has come with the last of them.
    /// - Returns: how many were new; those it does not count had been shipped before.
    func write(_ records: ArraySlice<InboxRecord>, account: SpoolAccount? = nil) async throws -> InboxCounts {
        guard !records.isEmpty else {
            if let account { try await account.note(of: gatewayID, at: time.now, in: pool) }
            return InboxCounts()
        }
        do {
            return try await store(records, account)
        } catch let error as PostgresError where Self.isAboutTheData(error) {
            if records.count == 1, let record = records.first {
                guard !record.isBare else { throw error }
                return try await store([record.bare], account)
            }
            let middle = records.startIndex + records.count / 2
            let first = records[..<middle]
            return try await write(first, account: account?.cut(after: first[middle - 1]))
                + write(records[middle...], account: account)
        }
    }

    private func store(
        _ records: ArraySlice<InboxRecord>, _ account: SpoolAccount?
    ) async throws -> InboxCounts {
        try await pool.transaction { connection in
            try await connection.query(Self.ensurePartitions, [records.map(\.event.receivedAt)])
            let now = time.now
            let duplicates = try await DedupeLedger(connection: connection).duplicates(among: records, at: now)
            let contents = try await contents(of: records, at: now, on: connection)
            let counts = try await connection.query(
                Self.insert, parameters(records, contents, duplicates, account, now))[0]
            let days: [Int32] = try counts.decode("days")
            let stored = Dictionary(zip(try counts.decode("ids", as: [UUID].self), days)) { first, _ in first }
            let long = LongBodies(zip(records, contents).filter { $0.0.hasLongBody }, storedOn: stored)
            if !long.isEmpty { try await connection.copy(long.copy) }
            return InboxCounts(
                stored: try counts.decode("stored"), retries: try counts.decode("retries"),
                copies: try counts.decode("copies"))
        }
    }

    /// What is stored of each body. Sealing makes a copy of it; a body in the clear is only looked at.
    private func contents(
        of records: ArraySlice<InboxRecord>, at now: Date, on connection: PostgresConnection
    ) async throws -> [StrippedBody] {
        guard bodies.seals else { return records.map(\.body) }
        let sealed = try await bodies.seal(
            records.map { ($0.event.id, $0.event.organizationID, $0.body.bytes) }, at: now, on: connection)
        return sealed.map { StrippedBody(sealed: $0) }
    }

    private func parameters(
        _ records: ArraySlice<InboxRecord>, _ contents: [StrippedBody], _ duplicates: [UUID: Duplicate],
        _ account: SpoolAccount?, _ now: Date
    ) -> [any PostgresEncodable] {
        // Of what is stored: of a sealed body the digest says nothing either.
        let digests =
            bodies.seals ? contents.map { Array(SHA256.hash(data: $0.bytes)) } : records.map(\.bodyDigest)
        let repeated = records.map { duplicates[$0.event.id.uuid] }
        // Originals of the same batch, which the statement itself cannot see in the table yet.
        let own = Dictionary(records.map { ($0.event.id.uuid, $0.event) }) { first, _ in first }
        let twins = repeated.map { duplicate in duplicate.flatMap { own[$0.original.id] } }
        return [
            records.map(\.event.id.uuid), records.map(\.event.receivedAt),
            records.map(\.event.integrationID?.uuid), records.map(\.event.organizationID?.uuid),
            records.map(\.event.clinicID?.uuid), records.map(\.instanceName), records.map(\.event.route.rawValue),
            records.map(\.kind), records.map(\.eventSuffix), records.map(\.messageID), records.map(\.chat),
            records.map(\.state.rawValue), records.map(\.quarantineReason),
            records.map { Int64(clamping: $0.position.segment) }, records.map { Int64(clamping: $0.position.offset) },
            digests, zip(records, contents).map { $0.hasLongBody ? [] : $1.bytes }, now, gatewayID,
            repeated.map(\.?.original.id), repeated.map(\.?.original.receivedAt), repeated.map(\.?.kind.rawValue),
            now.addingTimeInterval(DedupeLedger.lifetime), twins.map(\.?.route.rawValue), twins.map(\.?.receivedAt),
            records.map { Int64($0.body.byteCount) },
            account?.accepted, account?.shipped, account?.lost, records.map(\.tokenDigest),
        ]
    }

    /// SQLSTATE classes of a row that will never fit, however often it is tried: data exception, integrity
    /// constraint, program limit exceeded; and what cannot even be sent.
    private static func isAboutTheData(_ error: PostgresError) -> Bool {
        if case .encoding = error.kind { return true }
        guard let state = error.sqlState else { return false }
        return ["22", "23", "54"].contains { state.hasPrefix($0) }
    }
}

/// What became of the events of a batch that the inbox had not seen.
struct InboxCounts: Sendable, Equatable {
    var stored: Int64 = 0
    var retries: Int64 = 0
    var copies: Int64 = 0

    static func + (left: InboxCounts, right: InboxCounts) -> InboxCounts {
        InboxCounts(
            stored: left.stored + right.stored, retries: left.retries + right.retries,
            copies: left.copies + right.copies)
    }
}
