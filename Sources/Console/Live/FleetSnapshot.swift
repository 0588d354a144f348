import FoundationEssentials
import HookgateCore

/// What the first page shows, read together.
struct FleetSnapshot: Sendable, Equatable {
    let takenAt: Date
    let overview: FleetOverview
    /// Nil for whoever sees one organization: these are of the whole installation.
    let whole: Whole?

    struct Whole: Sendable, Equatable {
        let traffic: [TrafficMinute]
        let parts: [Readiness.Part]
        let spoolRecords: Int
        let spoolBytes: Int
        let spoolOldest: TimeInterval
    }
}

/// Reads the fleet for everybody who looks at it: however many do, there is one reading a second of each organization,
/// and fewer where the database takes long, so that looking keeps no webhook's event from it.
actor FleetReader {
    static let chartMinutes = 60
    private static let freshFor: TimeInterval = 0.9
    /// Of the time, at most one part in so many is spent reading.
    private static let rest = 10.0
    private static let longestFresh: TimeInterval = 5
    /// Organizations that are remembered.
    private static let mostKept = 256

    private let parts: ConsoleParts
    private var known: [OrganizationID?: Known] = [:]
    private var readings: [OrganizationID?: Task<FleetSnapshot, any Error>] = [:]

    private struct Known {
        let snapshot: FleetSnapshot
        let freshFor: TimeInterval
    }

    init(_ parts: ConsoleParts) {
        self.parts = parts
    }

    func snapshot(of scope: OrganizationID?) async throws -> FleetSnapshot {
        let now = self.parts.time.now
        if let known = self.known[scope], abs(now.timeIntervalSince(known.snapshot.takenAt)) < known.freshFor {
            return known.snapshot
        }
        if let reading = self.readings[scope] { return try await reading.value }
        // Of nobody's own: who asked first may go before it has ended, and the others still want it.
        let reading = Task { [parts] in try await Self.read(parts, scope, at: now) }
        self.readings[scope] = reading
        let begun = ContinuousClock.now
        let result = await reading.result
        let took = begun.duration(to: .now) / .seconds(1)
        self.readings[scope] = nil
        let snapshot = try result.get()
        if self.known.count >= Self.mostKept { self.known.removeAll() }
        self.known[scope] = Known(
            snapshot: snapshot, freshFor: min(max(Self.freshFor, took * Self.rest), Self.longestFresh))
        return snapshot
    }

    private static func read(
        _ parts: ConsoleParts, _ scope: OrganizationID?, at now: Date
    ) async throws -> FleetSnapshot {
        let overview = try await parts.fleet.overview(of: scope, at: now)
        guard scope == nil else { return FleetSnapshot(takenAt: now, overview: overview, whole: nil) }
        let samples = parts.reporting.samples()
        func value(_ family: String) -> Double { samples.first { $0.family == family }?.value ?? 0 }
        return FleetSnapshot(
            takenAt: now, overview: overview,
            whole: FleetSnapshot.Whole(
                traffic: try await parts.fleet.traffic(minutes: Self.chartMinutes, until: now),
                parts: parts.reporting.readiness().parts,
                spoolRecords: Int(value("hookgate_spool_depth_records")),
                spoolBytes: Int(value("hookgate_spool_depth_bytes")),
                spoolOldest: value("hookgate_spool_oldest_seconds")))
    }
}
