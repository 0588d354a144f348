import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Reads `hookgate.events` in the order of the transactions that stored them.
///
/// A transaction is read only once every older one has ended: then nothing can come to lie before what was read. So one
/// that writes and stays open, anywhere on the server, holds back the tail until it ends.
package struct PostgresEventTail: EventTail {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func place(behind id: EventID) async throws -> TailPlace? {
        let rows = try await pool.query(
            """
            SELECT stored_in::text AS stored_in FROM hookgate.events
            WHERE id = $1 AND ($2::date IS NULL OR day BETWEEN $2::date - 1 AND $2::date + 1)
            """, [id.uuid, id.receivedAt.map(EventConditions.day)])
        return try rows.first.map { row in TailPlace(transaction: try Self.transaction(row, "stored_in"), event: id) }
    }

    package func end() async throws -> TailPlace {
        let rows = try await pool.query("SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon")
        return TailPlace(before: try Self.transaction(rows[0], "horizon"))
    }

    package func next(behind place: TailPlace, _ filter: EventFilter, limit: Int) async throws -> TailPage {
        let limit = min(max(1, limit), EventFilter.largestPage)
        var conditions = EventConditions(filter)
        let transaction = conditions.parameter(String(place.transaction))
        let event = conditions.parameter(place.event.uuid)
        let rows = try await pool.query(
            """
            WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS oldest_running)
            SELECT h.oldest_running::text AS horizon, found.* FROM horizon AS h LEFT JOIN LATERAL (
                SELECT \(PostgresEventArchive.columns), e.stored_in::text AS stored_in FROM hookgate.events AS e
                WHERE e.stored_in < h.oldest_running
                    AND (e.stored_in, e.id) > (\(transaction)::text::xid8, \(event)::uuid)
                    AND \(conditions.sql)
                ORDER BY e.stored_in, e.id LIMIT \(limit)
            ) AS found ON true
            ORDER BY found.stored_in::xid8, found.id
            """, conditions.parameters)
        let found = try rows.filter { row in try row.decode("id", as: UUID?.self) != nil }
        let events = try found.map { row in try PostgresEventArchive.summary(row) }
        guard found.count == limit, let last = found.last, let event = events.last else {
            // All there is below the horizon was looked at, whatever of it passed the filter.
            let horizon = try Self.transaction(rows[0], "horizon")
            // The place may lie above the horizon: then it stays, or what is before it would come again.
            return TailPage(events: events, next: horizon > place.transaction ? TailPlace(before: horizon) : place)
        }
        return TailPage(
            events: events, next: TailPlace(transaction: try Self.transaction(last, "stored_in"), event: event.id))
    }

    private static func transaction(_ row: PostgresRow, _ column: String) throws(PostgresError) -> UInt64 {
        try row.decode(column, as: UInt64.self)
    }
}
