package import FoundationEssentials
package import PostgresClient

/// A right in `hookgate.leases` that one process at a time has, until it lets it run out.
package struct PostgresLease: Sendable {
    package let name: String
    package let holder: UUID

    package init(name: String, holder: UUID) {
        self.name = name
        self.holder = holder
    }

    /// Takes the lease, or takes it on for longer.
    /// - Returns: its fencing number, which grows with each change of hands; nil while somebody else has it.
    package func take(
        for duration: TimeInterval, at now: Date, on executor: some PostgresExecutor
    ) async throws -> Int64? {
        let rows = try await executor.query(
            """
            INSERT INTO hookgate.leases AS held (name, holder, leased_until) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until,
                fencing = held.fencing + (held.holder <> excluded.holder)::int
            WHERE held.holder = excluded.holder OR held.leased_until <= $4
            RETURNING fencing
            """, [name, holder, now.addingTimeInterval(duration), now])
        return try rows.first?.decode("fencing")
    }
}
