import Delivery
import Fleet
import FoundationEssentials
import Gateway
import HookgateCore
import Migration
import Store

/// Answers `/health/ready` and the process's share of `/metrics`, from memory alone.
struct GatewayStatus: GatewayReporting {
    let spool: Spool
    let shipper: Shipper
    let table: RoutingTable
    let preparation: DatabasePreparation
    let quarantine: QuarantineBounds
    let coverage: CoverageKeeper
    let oldWay: OldWayWatch
    let fleet: FleetWatch
    /// Nil where nobody is to be told.
    let alarms: AlarmWatch?
    let redis: RedisTier?
    let retention: RetentionKeeper
    let statuses: StatusKeeper
    let snapshots: RoutingSnapshots
    let lastKnown: LastKnownRouting
    let delivery: DeliveryEngine

    /// So many looks at our own address without an answer, five seconds apart, and nobody else is answered either.
    private static let alarmingLooks = 3

    func readiness() -> Readiness {
        // Whoever takes us out of service while we cannot store sends nothing that would find the disk well again.
        spool.recheck()
        let statistics = spool.statistics()
        let parts = [
            listenerPart(), spoolPart(statistics), diskPart(statistics), routingPart(), schemaPart(), shippingPart(),
            quarantinePart(), undecidedPart(statistics), retentionPart(), devicesPart(), delivery.readiness(),
        ]
        return Readiness(parts: parts + fleet.parts() + [redis.map(redisPart)].compactMap(\.self))
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

    private func retentionPart() -> Readiness.Part {
        guard let failure = retention.status.lastFailure else { return .init(name: "retention", state: .ok) }
        return .init(name: "retention", state: .degraded, detail: failure)
    }

    /// WhatsApp let them go: their clinics receive nothing until somebody pairs them anew.
    private func devicesPart() -> Readiness.Part {
        let lost = statuses.status.lostDevices
        guard lost > 0 else { return .init(name: "devices", state: .ok) }
        return .init(
            name: "devices", state: .degraded,
            detail: "\(lost) integrations have lost their telephone (device_removed, logged_out): "
                + "hookgate integrations list --status disconnected")
    }

    private func redisPart(_ redis: RedisTier) -> Readiness.Part {
        guard let failure = redis.failure else { return .init(name: "redis", state: .ok) }
        return .init(name: "redis", state: .degraded, detail: failure)
    }

    /// Whether a connection from outside would be accepted and answered: tried every few seconds.
    private func listenerPart() -> Readiness.Part {
        guard coverage.unansweredLooks >= Self.alarmingLooks else { return .init(name: "listener", state: .ok) }
        return .init(
            name: "listener", state: .failed,
            detail:
                "a connection to our own address was not answered: no free file or connection, or a loop that is stuck")
    }

    private func spoolPart(_ spool: SpoolStatistics) -> Readiness.Part {
        if !spool.isWritable { return .init(name: "spool", state: .failed, detail: spool.lastFailure) }
        guard spool.takesEvents else {
            return .init(
                name: "spool", state: .failed,
                detail: "the disk has not answered for \(Int(SpoolStatistics.longestWait)) seconds and more")
        }
        return .init(name: "spool", state: .ok)
    }

    private func diskPart(_ spool: SpoolStatistics) -> Readiness.Part {
        let used = "\(Int((spool.diskUsedShare ?? 0) * 100)) % of the disk under the spool is used"
        return switch spool.diskLevel {
        case .fine: .init(name: "disk", state: .ok)
        case .alarm:
            .init(name: "disk", state: .degraded, detail: "\(used): events that nobody can decide are refused")
        case .scarce:
            .init(
                name: "disk", state: .degraded,
                detail: "\(used): long bodies, held events and those that nobody can decide are refused")
        case .full: .init(name: "disk", state: .failed, detail: "\(used): everything is refused")
        }
    }

    private func routingPart() -> Readiness.Part {
        let status = table.status
        if status.isComplete, status.isLive { return .init(name: "routing", state: .ok) }
        return .init(
            name: "routing", state: .degraded,
            detail: status.isComplete
                ? "the database does not answer; known integrations are served from memory"
                : lastKnown.takenAt.map {
                    "nothing is loaded; what nobody else can say is taken from the snapshot of "
                        + $0.formatted(.iso8601)
                } ?? "not everything is loaded yet; what memory does not know is looked up, or stored as undecided")
    }

    private func schemaPart() -> Readiness.Part {
        guard let failure = preparation.lastFailure else { return .init(name: "schema", state: .ok) }
        return .init(name: "schema", state: .degraded, detail: failure)
    }

    private func shippingPart() -> Readiness.Part {
        guard let failure = shipper.status.lastFailure else { return .init(name: "shipping", state: .ok) }
        return .init(name: "shipping", state: .degraded, detail: failure)
    }
}
