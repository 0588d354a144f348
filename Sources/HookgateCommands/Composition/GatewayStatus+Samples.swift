import Delivery
import Fleet
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
            + statuses.status.samples() + snapshots.samples()
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
            return .gauge(
                "hookgate_part_state",
                "Of each part of readiness: 0 ok, 1 degraded, 2 failed (no webhook can be stored).", value,
                [.init("part", part.name)])
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
            .gauge("hookgate_redis_connected", "1 while Redis answers.", redis.isConnected ? 1 : 0)
        ]
            + reads.map { outcome, count in
                MetricSample.counter(
                    "hookgate_redis_reads_total",
                    "Look-ups in Redis, by outcome; stale ones were answered while PostgreSQL was down.", count,
                    [.init("outcome", outcome)])
            } + [
                .counter(
                    "hookgate_redis_records_written_total", "Records of routing written to Redis.",
                    statistics.recordsWritten),
                .counter(
                    "hookgate_redis_write_failures_total", "Writes to Redis that failed.", statistics.failedWrites),
            ]
    }

    private static func samples(_ shipper: ShipperStatus) -> [MetricSample] {
        [
            .counter("hookgate_shipped_events_total", "Events that were new to the inbox.", shipper.stored),
            .counter("hookgate_shipped_again_total", "Events that had been shipped before.", shipper.repeated),
            duplicates("retry", shipper.retries),
            duplicates("copy", shipper.copies),
            .counter("hookgate_ship_failures_total", "Attempts to ship that failed.", shipper.failures),
        ]
    }

    private static func duplicates(_ kind: String, _ count: UInt64) -> MetricSample {
        .counter(
            "hookgate_duplicate_events_total",
            "Events not stored again: the same body (retry), or the same message in another (copy).", count,
            [.init("kind", kind)])
    }

    private static func samples(_ spool: SpoolStatistics) -> [MetricSample] {
        [
            .counter(
                "hookgate_spool_accepted_total", "Events made durable, over the spool's life.", spool.acceptedRecords),
            .counter("hookgate_spool_shipped_total", "Events of the spool that the inbox has.", spool.shippedRecords),
            .counter(
                "hookgate_spool_lost_total", "Events of the spool that could not be read back.", spool.lostRecords),
            .gauge(
                "hookgate_spool_depth_records", "Events on disk that the inbox has not.", Double(spool.depthRecords)),
            .gauge("hookgate_spool_depth_bytes", "Bytes on disk that the inbox has not.", Double(spool.depthBytes)),
            .gauge(
                "hookgate_spool_oldest_seconds", "Age of the oldest event that the inbox has not.",
                spool.oldestReceivedAt.map { max(0, Date().timeIntervalSince($0)) } ?? 0),
            .gauge("hookgate_spool_segments", "Files on disk that the inbox has not wholly.", Double(spool.segments)),
            .gauge(
                "hookgate_spool_damaged_segments", "Files that were set aside as damaged.",
                Double(spool.damagedSegments)),
            .gauge(
                "hookgate_spool_waiting_records", "Events that wait for the disk now.", Double(spool.waitingRecords)),
            .gauge("hookgate_spool_waiting_seconds", "How long the oldest of these has waited.", spool.longestWaiting),
            .counter(
                "hookgate_spool_syncs_total", "fdatasync calls; events per call is the group's size.", spool.syncs),
            .gauge(
                "hookgate_undecided_bytes", "Bytes of events on disk that nobody could decide.",
                Double(spool.undecidedBytes)),
            .gauge(
                "hookgate_undecided_limit_bytes", "As many of these as may be; more get 503.",
                Double(spool.undecidedLimitBytes)),
            .gauge("hookgate_undecided_alarmed", "1 from 80 % of that bound on.", spool.isUndecidedAlarmed ? 1 : 0),
            .gauge(
                "hookgate_spool_receiving_bodies", "Long bodies that are being written to the disk.",
                Double(spool.openBodies)),
            .gauge(
                "hookgate_disk_used_ratio", "Of the disk under the spool, from 0 to 1, as the last write saw it.",
                spool.diskUsedShare ?? 0),
            .gauge(
                "hookgate_disk_level",
                "0 below 80 %; 1 alarm; 2 from 90 %, long and held events get 503; 3 from 95 %, all do.",
                Double(spool.diskLevel.rawValue)),
            .gauge(
                "hookgate_spool_writable", "1 while events can be stored; 0 means senders get 503.",
                spool.isWritable ? 1 : 0),
        ]
    }
}
