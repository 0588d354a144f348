import Delivery
import FoundationEssentials
import Gateway
import HookgateCore
import Migration
import Store

/// The process's share of `/metrics`.
extension GatewayStatus {
    func samples() -> [MetricSample] {
        var samples = Self.samples(readiness())
        samples += Self.samples(spool.statistics())
        samples += spool.syncTimes.samples(
            "hookgate_spool_sync_seconds", help: "How long the disk took to make a batch durable.")
        samples += Self.samples(shipper.status)
        samples += shipper.lags.samples(
            "hookgate_ship_lag_seconds", help: "From an event's arrival until the inbox has it.")
        samples +=
            quarantine.samples() + delivery.samples() + oldWay.samples() + fleet.samples() + retention.status.samples()
            + snapshots.samples()
        if let alarms { samples += alarms.samples() }
        if let redis { samples += Self.samples(redis) }
        return samples
    }

    private static func samples(_ readiness: Readiness) -> [MetricSample] {
        readiness.parts.map { part in
            let value =
                switch part.state {
                case .ok: 0.0
                case .degraded: 1.0
                case .failed: 2.0
                }
            return MetricSample(
                "hookgate_part_state", .gauge,
                help: "Of each part of readiness: 0 ok, 1 degraded, 2 failed (no webhook can be stored).",
                labels: [.init("part", part.name)], value: value)
        }
    }

    private static func samples(_ redis: RedisTier) -> [MetricSample] {
        let statistics = redis.statistics
        let reads = [
            ("hit", statistics.hits), ("stale", statistics.stale), ("unproven", statistics.unproven),
            ("miss", statistics.misses),
            ("failed", statistics.failedReads),
        ]
        return [
            MetricSample(
                "hookgate_redis_connected", .gauge, help: "1 while Redis answers.", value: redis.isConnected ? 1 : 0)
        ]
            + reads.map { outcome, count in
                MetricSample(
                    "hookgate_redis_reads_total", .counter,
                    help: "Look-ups in Redis, by outcome; stale ones were answered while PostgreSQL was down.",
                    labels: [.init("outcome", outcome)], value: Double(count))
            } + [
                MetricSample(
                    "hookgate_redis_records_written_total", .counter, help: "Records of routing written to Redis.",
                    value: Double(statistics.recordsWritten)),
                MetricSample(
                    "hookgate_redis_write_failures_total", .counter, help: "Writes to Redis that failed.",
                    value: Double(statistics.failedWrites)),
            ]
    }

    private static func samples(_ shipper: ShipperStatus) -> [MetricSample] {
        [
            MetricSample(
                "hookgate_shipped_events_total", .counter, help: "Events that were new to the inbox.",
                value: Double(shipper.stored)),
            MetricSample(
                "hookgate_shipped_again_total", .counter, help: "Events that had been shipped before.",
                value: Double(shipper.repeated)),
            duplicates("retry", shipper.retries),
            duplicates("copy", shipper.copies),
            MetricSample(
                "hookgate_ship_failures_total", .counter, help: "Attempts to ship that failed.",
                value: Double(shipper.failures)),
        ]
    }

    private static func duplicates(_ kind: String, _ count: UInt64) -> MetricSample {
        MetricSample(
            "hookgate_duplicate_events_total", .counter,
            help: "Events not stored again: the same body (retry), or the same message in another (copy).",
            labels: [.init("kind", kind)], value: Double(count))
    }

    private static func samples(_ spool: SpoolStatistics) -> [MetricSample] {
        [
            MetricSample(
                "hookgate_spool_accepted_total", .counter, help: "Events made durable, over the spool's life.",
                value: Double(spool.acceptedRecords)),
            MetricSample(
                "hookgate_spool_shipped_total", .counter, help: "Events of the spool that the inbox has.",
                value: Double(spool.shippedRecords)),
            MetricSample(
                "hookgate_spool_lost_total", .counter, help: "Events of the spool that could not be read back.",
                value: Double(spool.lostRecords)),
            MetricSample(
                "hookgate_spool_depth_records", .gauge, help: "Events on disk that the inbox has not.",
                value: Double(spool.depthRecords)),
            MetricSample(
                "hookgate_spool_depth_bytes", .gauge, help: "Bytes on disk that the inbox has not.",
                value: Double(spool.depthBytes)),
            MetricSample(
                "hookgate_spool_oldest_seconds", .gauge, help: "Age of the oldest event that the inbox has not.",
                value: spool.oldestReceivedAt.map { max(0, Date().timeIntervalSince($0)) } ?? 0),
            MetricSample(
                "hookgate_spool_segments", .gauge, help: "Files on disk that the inbox has not wholly.",
                value: Double(spool.segments)),
            MetricSample(
                "hookgate_spool_damaged_segments", .gauge, help: "Files that were set aside as damaged.",
                value: Double(spool.damagedSegments)),
            MetricSample(
                "hookgate_spool_disk_used_ratio", .gauge,
                help: "Of the spool's disk, from 0 to 1, as the last write saw it; from 0.95 on nothing is stored.",
                value: spool.diskUsedShare ?? 0),
            MetricSample(
                "hookgate_spool_waiting_records", .gauge, help: "Events that wait for the disk now.",
                value: Double(spool.waitingRecords)),
            MetricSample(
                "hookgate_spool_waiting_seconds", .gauge, help: "How long the oldest of these has waited.",
                value: spool.longestWaiting),
            MetricSample(
                "hookgate_spool_syncs_total", .counter, help: "fdatasync calls; events per call is the group's size.",
                value: Double(spool.syncs)),
            MetricSample(
                "hookgate_undecided_bytes", .gauge, help: "Bytes of events on disk that nobody could decide.",
                value: Double(spool.undecidedBytes)),
            MetricSample(
                "hookgate_undecided_limit_bytes", .gauge, help: "As many of these as may be; more get 503.",
                value: Double(spool.undecidedLimitBytes)),
            MetricSample(
                "hookgate_undecided_alarmed", .gauge, help: "1 from 80 % of that bound on.",
                value: spool.isUndecidedAlarmed ? 1 : 0),
            MetricSample(
                "hookgate_spool_receiving_bodies", .gauge, help: "Long bodies that are being written to the disk.",
                value: Double(spool.openBodies)),
            MetricSample(
                "hookgate_disk_used_ratio", .gauge, help: "Of the disk under the spool, from 0 to 1.",
                value: spool.diskUsedShare ?? 0),
            MetricSample(
                "hookgate_disk_level", .gauge,
                help: "0 below 80 %; 1 alarm; 2 from 90 %, long and held events get 503; 3 from 95 %, all do.",
                value: Double(spool.diskLevel.rawValue)),
            MetricSample(
                "hookgate_spool_writable", .gauge, help: "1 while events can be stored; 0 means senders get 503.",
                value: spool.isWritable ? 1 : 0),
        ]
    }
}
