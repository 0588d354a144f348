import FoundationEssentials
import HookgateCore
import PostgresClient

/// Writes batches of events into `hookgate.events`, each batch in one transaction, each event once.
struct InboxWriter: Sendable {
    private static let insert = """
        WITH incoming AS (
            SELECT * FROM unnest(
                $1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[],
                $16::bytea[], $17::bytea[])
            AS t(id, received_at, integration_id, organization_id, clinic_id, instance_name, route, event,
                event_suffix, message_id, chat, state, quarantine_reason, spool_segment, spool_offset,
                body_sha256, body)
        ), stored AS (
            INSERT INTO hookgate.events (
                id, day, received_at, stored_at, integration_id, organization_id, clinic_id, instance_name, route,
                event, event_suffix, message_id, chat, state, quarantine_reason, gateway_id, spool_segment,
                spool_offset, body_bytes, body_sha256)
            SELECT id, (received_at AT TIME ZONE 'UTC')::date, received_at, $18, integration_id, organization_id,
                clinic_id, instance_name, route, event, event_suffix, message_id, chat, state, quarantine_reason,
                $19, spool_segment, spool_offset, octet_length(body), body_sha256
            FROM incoming
            ON CONFLICT DO NOTHING
            RETURNING id, day, received_at, instance_name, route, state
        ), bodies AS (
            INSERT INTO hookgate.event_bodies (id, day, body)
            SELECT stored.id, stored.day, incoming.body FROM stored JOIN incoming ON incoming.id = stored.id
        ), traffic AS (
            INSERT INTO hookgate.route_traffic AS seen (instance_name, route, day, first_seen, last_seen, count)
            SELECT coalesce(instance_name, ''), route, day, min(received_at), max(received_at), count(*)
            FROM stored
            -- A held event proves nothing of the token route; on the legacy route every sender counts.
            WHERE state = 'pending' OR (state <> 'probe' AND route = 'instance')
            GROUP BY 1, 2, 3
            -- In one order everywhere, so that two gateways never wait for each other in a circle.
            ORDER BY 1, 2, 3
            ON CONFLICT (instance_name, route, day) DO UPDATE SET
                first_seen = least(seen.first_seen, excluded.first_seen),
                last_seen = greatest(seen.last_seen, excluded.last_seen), count = seen.count + excluded.count
        )
        SELECT count(*)::bigint AS stored FROM stored
        """

    private static let ensurePartitions = """
        SELECT hookgate.ensure_event_partitions(day)
        FROM (SELECT DISTINCT (instant AT TIME ZONE 'UTC')::date AS day FROM unnest($1::timestamptz[]) AS instant) AS days
        """

    let pool: PostgresPool
    let gatewayID: UUID
    let time: TimeSource

    /// Writes a batch. Rows that the database refuses for what is in them are found by halving, and go in without
    /// their texts, so that one odd event does not hold up all that follow.
    /// - Returns: how many were new; the others had been stored before.
    func write(_ records: ArraySlice<InboxRecord>) async throws -> Int {
        guard !records.isEmpty else { return 0 }
        do {
            return try await store(records)
        } catch let error as PostgresError where Self.isAboutTheData(error) {
            if records.count == 1, let record = records.first {
                guard !record.isBare else { throw error }
                return try await store([record.bare])
            }
            let middle = records.startIndex + records.count / 2
            return try await write(records[..<middle]) + write(records[middle...])
        }
    }

    private func store(_ records: ArraySlice<InboxRecord>) async throws -> Int {
        try await pool.transaction { connection in
            try await connection.query(Self.ensurePartitions, [records.map(\.event.receivedAt)])
            let rows = try await connection.query(Self.insert, parameters(records))
            return Int(try rows[0].decode("stored", as: Int64.self))
        }
    }

    private func parameters(_ records: ArraySlice<InboxRecord>) -> [any PostgresEncodable] {
        [
            records.map(\.event.id.uuid), records.map(\.event.receivedAt),
            records.map(\.event.integrationID?.uuid), records.map(\.event.organizationID?.uuid),
            records.map(\.event.clinicID?.uuid), records.map(\.instanceName), records.map(\.event.route.rawValue),
            records.map(\.kind), records.map(\.eventSuffix), records.map(\.messageID), records.map(\.chat),
            records.map(\.state.rawValue), records.map(\.quarantineReason),
            records.map { Int64(clamping: $0.position.segment) }, records.map { Int64(clamping: $0.position.offset) },
            records.map(\.bodyDigest), records.map(\.body), time.now, gatewayID,
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
