import FoundationEssentials
import HookgateCore
import PostgresClient

/// The keys of what was stored lately, as the database keeps them for all gateways.
struct DedupeLedger {
    /// Longer than any sender keeps trying: Evolution gives up after half an hour, its reconnects repeat days.
    static let lifetime: TimeInterval = 7 * 24 * 3_600
    /// How many of each kind one call of ``forgetExpired(on:at:)`` removes.
    static let largestRemoval = 2_000

    /// In one order everywhere, so that two gateways with the same events never wait for each other in a circle. Whoever
    /// comes second waits here until the first has stored its event, or has failed to.
    private static let claim = """
        INSERT INTO hookgate.dedupe_keys AS held (digest, event_id, event_day, expires_at)
        SELECT digest, event_id, (received_at AT TIME ZONE 'UTC')::date, $4
        FROM unnest($1::bytea[], $2::uuid[], $3::timestamptz[]) AS t(digest, event_id, received_at)
        ORDER BY digest
        ON CONFLICT (digest) DO UPDATE SET event_id = excluded.event_id, event_day = excluded.event_day,
            expires_at = excluded.expires_at
        WHERE held.expires_at <= $5
        """

    private static let owners = """
        SELECT digest, event_id, event_day::timestamp AT TIME ZONE 'UTC' AS received_at
        FROM hookgate.dedupe_keys WHERE digest = ANY ($1::bytea[])
        """

    private static let point = """
        UPDATE hookgate.dedupe_keys AS held
        SET event_id = t.event_id, event_day = (t.received_at AT TIME ZONE 'UTC')::date
        FROM unnest($1::bytea[], $2::uuid[], $3::timestamptz[]) AS t(digest, event_id, received_at)
        WHERE held.digest = t.digest
        """

    let connection: PostgresConnection

    /// Claims the keys of a batch, in the transaction that stores it, and says which of its events are duplicates.
    func duplicates(among records: ArraySlice<InboxRecord>, at now: Date) async throws -> [UUID: Duplicate] {
        var decision = DuplicateDecision(records)
        guard !decision.owners.isEmpty else { return [:] }
        try await connection.query(
            Self.claim, Self.columns(decision.owners) + [now.addingTimeInterval(Self.lifetime), now])
        let misplaced = decision.settle(try await owners(of: Array(decision.owners.keys)))
        if !misplaced.isEmpty { try await connection.query(Self.point, Self.columns(misplaced)) }
        return decision.duplicates
    }

    private func owners(of keys: [[UInt8]]) async throws -> [[UInt8]: EventReference] {
        var owners: [[UInt8]: EventReference] = [:]
        for row in try await connection.query(Self.owners, [keys]) {
            owners[try row.decode("digest")] = EventReference(
                id: try row.decode("event_id"), receivedAt: try row.decode("received_at"))
        }
        return owners
    }

    private static func columns(_ owners: [[UInt8]: EventReference]) -> [any PostgresEncodable] {
        let owners = Array(owners)
        return [owners.map(\.key), owners.map(\.value.id), owners.map(\.value.receivedAt)]
    }

    /// Removes what is too old to be recognised by, a bounded number at a time. Rows that somebody is claiming anew
    /// at this moment are left to them.
    /// - Returns: whether there may be more.
    static func forgetExpired(in pool: PostgresPool, at now: Date) async throws -> Bool {
        var isFull = false
        for (table, key) in [("dedupe_keys", "digest"), ("duplicate_events", "id")] {
            let rows = try await pool.query(
                """
                WITH removed AS (
                    DELETE FROM hookgate.\(table) WHERE \(key) IN (
                        SELECT \(key) FROM hookgate.\(table) WHERE expires_at <= $1
                        ORDER BY expires_at LIMIT \(largestRemoval) FOR UPDATE SKIP LOCKED)
                    RETURNING 1
                )
                SELECT count(*)::bigint AS removed FROM removed
                """, [now])
            isFull = try isFull || rows[0].decode("removed", as: Int64.self) == Int64(largestRemoval)
        }
        return isFull
    }
}
