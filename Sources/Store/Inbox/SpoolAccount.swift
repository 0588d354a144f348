import FoundationEssentials
import PostgresClient

/// How far a gateway's spool has come, in durable positions: noted in the transaction that stores the events, so that
/// what a gateway accepted can be held against what the inbox has.
struct SpoolAccount: Sendable, Equatable {
    /// Every event that the spool ever made durable.
    let accepted: Int64
    /// Of these, in the inbox with this transaction.
    let shipped: Int64
    /// Given up because their bytes were damaged.
    let lost: Int64
    /// Of those, before the batch began.
    private let lostBefore: Int64

    init(_ batch: SpoolBatch, accepted: UInt64) {
        let passed = Int64(clamping: batch.checkpoint.sequence)
        self.lost = Int64(clamping: batch.checkpoint.lost)
        self.lostBefore = lost - Int64(clamping: batch.lostRecords)
        self.shipped = passed - lost
        self.accepted = max(Int64(clamping: accepted), passed)
    }

    private init(accepted: Int64, shipped: Int64, lost: Int64) {
        self.accepted = accepted
        self.shipped = shipped
        self.lost = lost
        self.lostBefore = lost
    }

    /// The account with only a part of the batch stored.
    func cut(after record: InboxRecord) -> SpoolAccount {
        SpoolAccount(
            accepted: accepted, shipped: Int64(clamping: record.sequence) - lostBefore, lost: lostBefore)
    }

    /// The statement, with these as its parameters. A position never goes back: what is shipped again was counted.
    static func note(gateway: String, now: String, accepted: String, shipped: String, lost: String) -> String {
        """
        INSERT INTO hookgate.gateway_positions AS p (gateway_id, accepted, shipped, lost, noted_at)
        SELECT \(gateway)::uuid, \(accepted)::bigint, \(shipped)::bigint, \(lost)::bigint, \(now)::timestamptz
        WHERE \(accepted)::bigint IS NOT NULL
        ON CONFLICT (gateway_id) DO UPDATE SET accepted = greatest(p.accepted, excluded.accepted),
            shipped = greatest(p.shipped, excluded.shipped), lost = greatest(p.lost, excluded.lost),
            noted_at = excluded.noted_at
        """
    }

    func note(of gateway: UUID, at now: Date, in pool: PostgresPool) async throws {
        try await pool.query(
            Self.note(gateway: "$1", now: "$2", accepted: "$3", shipped: "$4", lost: "$5"),
            [gateway, now, accepted, shipped, lost])
    }
}
