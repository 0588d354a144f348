import FoundationEssentials
import Gateway
import HookgateCore
import Store

/// Answers `/health/ready` and the process's share of `/metrics`, from memory alone.
struct GatewayStatus: GatewayReporting {
    let spool: Spool
    let shipper: Shipper
    let table: RoutingTable
    let preparation: DatabasePreparation
    let quarantine: QuarantineBounds
    let redis: RedisTier?

    func readiness() -> Readiness {
        // Whoever takes us out of service while we cannot store sends nothing that would find the disk well again.
        spool.recheck()
        let statistics = spool.statistics()
        let parts = [
            spoolPart(statistics), routingPart(), schemaPart(), shippingPart(), quarantinePart(),
            undecidedPart(statistics),
        ]
        return Readiness(parts: parts + [redis.map(redisPart)].compactMap(\.self))
    }

    private func quarantinePart() -> Readiness.Part {
        let status = quarantine.status
        guard status.alarmed > 0 else { return .init(name: "quarantine", state: .ok) }
        return .init(
            name: "quarantine", state: .degraded,
            detail: "\(status.alarmed) integrations hold back 80 % or more of what they may, \(status.full) all of it: "
                + "hookgate quarantine list")
    }

    private func undecidedPart(_ spool: SpoolStatistics) -> Readiness.Part {
        guard spool.isUndecidedAlarmed else { return .init(name: "undecided", state: .ok) }
        return .init(
            name: "undecided", state: .degraded,
            detail: "\(spool.undecidedBytes) of \(spool.undecidedLimitBytes) bytes that nobody can decide wait; "
                + "they are decided when the database answers")
    }

    private func redisPart(_ redis: RedisTier) -> Readiness.Part {
        guard let failure = redis.failure else { return .init(name: "redis", state: .ok) }
        return .init(name: "redis", state: .degraded, detail: failure)
    }

    private func spoolPart(_ spool: SpoolStatistics) -> Readiness.Part {
        spool.isWritable
            ? .init(name: "spool", state: .ok)
            : .init(name: "spool", state: .failed, detail: spool.lastFailure)
    }

    private func routingPart() -> Readiness.Part {
        let status = table.status
        if status.isComplete, status.isLive { return .init(name: "routing", state: .ok) }
        return .init(
            name: "routing", state: .degraded,
            detail: status.isComplete
                ? "the database does not answer; known integrations are served from memory"
                : "not everything is loaded yet; what memory does not know is looked up, or stored as undecided")
    }

    private func schemaPart() -> Readiness.Part {
        guard let failure = preparation.lastFailure else { return .init(name: "schema", state: .ok) }
        return .init(name: "schema", state: .degraded, detail: failure)
    }

    private func shippingPart() -> Readiness.Part {
        guard let failure = shipper.status.lastFailure else { return .init(name: "shipping", state: .ok) }
        return .init(name: "shipping", state: .degraded, detail: failure)
    }

    func samples() -> [MetricSample] {
        Self.samples(spool.statistics()) + Self.samples(shipper.status) + quarantine.samples()
            + (redis.map(Self.samples) ?? [])
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
                "hookgate_spool_writable", .gauge, help: "1 while events can be stored; 0 means senders get 503.",
                value: spool.isWritable ? 1 : 0),
        ]
    }
}
