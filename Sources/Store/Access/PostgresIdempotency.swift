package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// What was answered to requests that must not be carried out twice, in `hookgate.idempotency_keys`.
package struct PostgresIdempotency: IdempotencyStore {
    private static let keptFor: TimeInterval = 86_400
    /// A request whose process ended before it answered is given up after this time.
    private static let givenUpAfter: TimeInterval = 300
    private static let swept = 100

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func begin(_ key: IdempotencyKey, at now: Date) async throws -> IdempotencyClaim {
        try await pool.query(
            """
            DELETE FROM hookgate.idempotency_keys WHERE (visitor, key) IN (
                SELECT visitor, key FROM hookgate.idempotency_keys
                WHERE begun_at < $1 OR (status IS NULL AND begun_at < $2) LIMIT \(Self.swept))
            """, [now.addingTimeInterval(-Self.keptFor), now.addingTimeInterval(-Self.givenUpAfter)])
        let taken = try await pool.query(
            """
            INSERT INTO hookgate.idempotency_keys (visitor, key, request, begun_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """, [key.visitor, key.text, key.request.bytes, now])
        if taken.affectedRowCount == 1 { return .isNew }
        let rows = try await pool.query(
            "SELECT request, status, body FROM hookgate.idempotency_keys WHERE visitor = $1 AND key = $2",
            [key.visitor, key.text])
        guard let row = rows.first else { return .inProgress }
        guard try row.decode("request", as: [UInt8].self) == key.request.bytes else { return .differs }
        guard let status = try row.decode("status", as: Int?.self),
            let body = try row.decode("body", as: [UInt8]?.self)
        else { return .inProgress }
        return .answered(status: status, body: body)
    }

    package func finish(_ key: IdempotencyKey, status: Int, body: [UInt8]) async throws {
        try await pool.query(
            "UPDATE hookgate.idempotency_keys SET status = $3, body = $4 WHERE visitor = $1 AND key = $2",
            [key.visitor, key.text, status, body])
    }

    package func abandon(_ key: IdempotencyKey) async throws {
        try await pool.query(
            "DELETE FROM hookgate.idempotency_keys WHERE visitor = $1 AND key = $2 AND status IS NULL",
            [key.visitor, key.text])
    }
}
