package import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresDeliveryQueue {
    private static let announce = """
        WITH forgotten AS (
            DELETE FROM hookgate.delivery_workers WHERE seen_until < $3::timestamptz - interval '1 hour'
        ), announced AS (
            INSERT INTO hookgate.delivery_workers AS w (worker, seen_until) VALUES ($1, $2)
            ON CONFLICT (worker) DO UPDATE SET seen_until = excluded.seen_until
            RETURNING xmax = 0 AS is_new
        ), kept AS (
            UPDATE hookgate.delivery_partitions SET leased_until = $2 WHERE holder = $1 RETURNING partition, fencing
        )
        SELECT (SELECT is_new FROM announced) AS is_new,
            (SELECT count(*) FROM hookgate.delivery_workers WHERE worker <> $1 AND seen_until > $3)::bigint AS others,
            partition, fencing
        FROM (SELECT 1) AS always LEFT JOIN kept ON true
        """

    private static let take = """
        UPDATE hookgate.delivery_partitions AS p SET holder = $1, leased_until = $2, fencing = p.fencing + 1
        WHERE p.partition IN (
            SELECT partition FROM hookgate.delivery_partitions
            WHERE holder IS DISTINCT FROM $1 AND (holder IS NULL OR leased_until <= $3)
            -- Each begins elsewhere, so that they do not all reach for the same ones.
            ORDER BY hashtextextended(partition::text, $5), partition LIMIT $4 FOR UPDATE SKIP LOCKED)
        RETURNING p.partition, p.fencing
        """

    package func renew(_ worker: WorkerID, until: Date, at now: Date) async throws -> LeaseShare {
        let rows = try await pool.query(Self.announce, [worker.uuid, until, now])
        var leases: [Int: Int64] = [:]
        for row in rows {
            guard let partition = try row.decode("partition", as: Int?.self) else { continue }
            leases[partition] = try row.decode("fencing")
        }
        let workers = 1 + (try rows.first?.decode("others", as: Int.self) ?? 0)
        let share = (PartitionSet.count + workers - 1) / workers
        if leases.count < share {
            let seed = Int64(truncatingIfNeeded: worker.uuid.hashValue)
            let taken = try await pool.query(Self.take, [worker.uuid, until, now, share - leases.count, seed])
            for row in taken { leases[try row.decode("partition")] = try row.decode("fencing", as: Int64.self) }
        }
        // The others have more than their share now, and need not find out by themselves.
        if try rows.first?.decode("is_new", as: Bool?.self) == true { try await tellWorkers() }
        return LeaseShare(leases: leases, fairShare: share)
    }

    package func giveBack(_ partitions: PartitionSet, of worker: WorkerID, isEnding: Bool) async throws {
        try await pool.query(
            """
            WITH ended AS (
                DELETE FROM hookgate.delivery_workers WHERE worker = $1 AND $3
            )
            UPDATE hookgate.delivery_partitions SET holder = NULL, leased_until = '-infinity'
            WHERE holder = $1 AND partition = ANY ($2::smallint[])
            """, [worker.uuid, partitions.partitions, isEnding])
        try await tellWorkers()
    }

    private func tellWorkers() async throws {
        try await pool.query("SELECT pg_notify($1, $2)", [Self.channel, Self.workersPayload])
    }
}
