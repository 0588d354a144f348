import PostgresClient
import Synchronization

/// A statement over the legacy tables that there are. They are moved away once in a fleet's life, and may come back, also by
/// another process: what was made for them is made anew after a minute, and at once when one of them is missing.
///
/// Whoever looks at a page is no reader for whom a clean-up has to wait, so its scans are noted as ours (``OwnReads``).
final class LegacyStatement: Sendable {
    private struct Made {
        let text: String
        let at: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(60)

    private let pool: PostgresPool
    private let make: @Sendable (LegacyUnion) -> String
    private let made = Mutex<Made?>(nil)

    init(pool: PostgresPool, make: @escaping @Sendable (LegacyUnion) -> String) {
        self.pool = pool
        self.make = make
    }

    func rows(_ parameters: [any PostgresEncodable]) async throws -> PostgresRows {
        if let made = made.withLock({ $0 }), made.at.duration(to: .now) < Self.lifetime {
            do {
                return try await ask(made.text, parameters)
            } catch let error as PostgresError where TableShapes.isOtherShape(error) {
                self.made.withLock { $0 = nil }
            }
        }
        let text = make(LegacyUnion(try await TableShapes.load(from: pool)))
        let rows = try await ask(text, parameters)
        made.withLock { $0 = Made(text: text, at: .now) }
        return rows
    }

    private func ask(_ text: String, _ parameters: [any PostgresEncodable]) async throws -> PostgresRows {
        let (rows, reads) = try await pool.transaction(.snapshot) { connection in
            try await connection.execute(script: Self.settings)
            let own = try await OwnReads(on: connection)
            let rows = try await connection.query(text, parameters)
            return (rows, try await own.finish(on: connection))
        }
        try await OwnReads.note(reads, in: pool)
        return rows
    }

    /// A statement over a whole fleet looks so dear that the server would compile it first and start helpers, which takes
    /// longer than all of it does, and what helpers scan could not be told from what others scan; and its ten thousand rows
    /// are to stay in memory.
    private static let settings = """
        SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL work_mem = '16MB'
        """
}
