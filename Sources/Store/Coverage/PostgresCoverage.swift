package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// When this gateway was listening, in `hookgate.coverage`.
package struct PostgresCoverageLedger: CoverageLedger {
    private let pool: PostgresPool
    private let gatewayID: UUID

    package init(pool: PostgresPool, gatewayID: UUID) {
        self.pool = pool
        self.gatewayID = gatewayID
    }

    package func write(_ intervals: [CoverageInterval]) async throws {
        guard !intervals.isEmpty else { return }
        try await pool.query(
            """
            INSERT INTO hookgate.coverage AS known (gateway_id, listening_from, listening_until)
            SELECT $1, begun, max(ended) FROM unnest($2::timestamptz[], $3::timestamptz[]) AS t(begun, ended)
            GROUP BY begun ORDER BY begun
            ON CONFLICT (gateway_id, listening_from) DO UPDATE SET
                listening_until = greatest(known.listening_until, excluded.listening_until)
            """, [gatewayID, intervals.map(\.from), intervals.map(\.until)])
    }
}

/// When gateways were listening, all of them together.
package struct PostgresCoverageHistory: CoverageHistory {
    private static let pageSize = 5_000

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func report(from start: Date, until end: Date) async throws -> CoverageReport {
        var report = CoverageReport(window: CoverageInterval(from: start, until: end))
        try await pool.transaction(.snapshot) { connection in
            try await connection.query(
                """
                DECLARE hookgate_coverage NO SCROLL CURSOR FOR
                SELECT listening_from, listening_until FROM hookgate.coverage
                WHERE listening_until >= $1 AND listening_from <= $2 ORDER BY listening_from
                """, [start, end])
            while true {
                let rows = try await connection.query("FETCH \(Self.pageSize) FROM hookgate_coverage")
                for row in rows {
                    report.add(
                        CoverageInterval(
                            from: try row.decode("listening_from"), until: try row.decode("listening_until")))
                }
                if rows.count < Self.pageSize { break }
            }
        }
        report.finish()
        return report
    }
}
