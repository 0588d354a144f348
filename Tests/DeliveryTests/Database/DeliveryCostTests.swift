import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

@testable import Delivery

/// What delivery reads of the database, as the database itself counts it.
@Suite(.timeLimit(.minutes(3)))
struct DeliveryCostTests {
    /// On a day that has just begun nothing is known of its events: then no plan may lead through all that wait.
    @Test func anEventCostsTheSameHoweverManyWait() async throws {
        try await withDelivery { stage in
            let total = 4_000
            try await stage.store(Mail.many(chats: 1_000, each: 4))
            try await stage.database.pool.execute(
                script: ["events_20251020", "delivery_queue", "delivery_lanes"].map {
                    "ALTER TABLE hookgate.\($0) SET (autovacuum_enabled = off)"
                }.joined(separator: ";"))
            let connections = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND backend_type = 'client backend'
                """
            let before = try await stage.count(connections)
            let pool = PostgresPool(url: stage.database.url)
            let queue = PostgresDeliveryQueue(pool: pool, listenURL: nil)
            try await stage.withWorker(stage.engine(queue: queue)) { await stage.receiver.taken.wait(for: total) }
            // A connection that has ended has told what it read.
            await pool.close()
            await stage.eventually { (try? await stage.count(connections)) ?? .max <= before }
            let read = try await stage.count(
                """
                SELECT (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes
                        WHERE indexrelname LIKE 'events_%_state_received_at_idx')
                    + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables
                        WHERE relname IN ('delivery_queue', 'delivery_lanes'))
                """)
            #expect(read < 20 * total, "\(read) rows were read where \(total) were delivered")
        }
    }
}
