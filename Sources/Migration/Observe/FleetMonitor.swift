import FoundationEssentials
package import HookgateCore

/// Looks at the whole fleet and keeps only the rows that are to be shown; see ``FleetMonitorUseCases``.
package struct FleetMonitor: FleetMonitorUseCases {
    private let fleet: any FleetTraffic
    private let traffic: any TrafficHistory
    private let coverage: any CoverageHistory
    private let time: TimeSource

    package init(
        fleet: any FleetTraffic, traffic: any TrafficHistory, coverage: any CoverageHistory, time: TimeSource
    ) {
        self.fleet = fleet
        self.traffic = traffic
        self.coverage = coverage
        self.time = time
    }

    package func look(_ request: FleetRequest) async throws -> FleetView {
        let now = time.now
        let start = now.addingTimeInterval(-ExpectedTraffic.history)
        let listeningSince = try await coverage.report(from: start, until: now).listeningSince
        var shown = FirstRows(count: min(max(request.rows, 0), FleetRequest.mostRows))
        var counts: [MonitoredState: Int] = [:]
        try await fleet.forEachRow(marksSince: start) { row in
            let state = row.state(at: now, listeningSince: listeningSince)
            counts[state, default: 0] += 1
            if request.wants(row.name, in: state) { shown.add(row, in: state) }
        }
        let rows = shown.rows
        let names = rows.map(\.row.name)
        let recent = try await fleet.counts(
            of: names, since: now.addingTimeInterval(-MonitoredRoute.rateWindow))
        let history = try await traffic.traffic(of: names)
        return FleetView(
            at: now, listeningSince: listeningSince, counts: counts,
            instances: rows.map { row, state in
                Self.instance(row, state, recent[row.name] ?? [:], history[row.name]?.refusals ?? [])
            },
            leftOut: shown.leftOut,
            strangers: try await traffic.refusals(from: now, until: now).filter { !$0.isKnown })
    }

    private static func instance(
        _ row: FleetRow, _ state: MonitoredState, _ recent: [Route: Int], _ refusals: [RefusalSummary]
    ) -> MonitoredInstance {
        MonitoredInstance(
            name: row.name, title: row.title, state: state,
            routes: row.routes.reduce(into: [:]) { routes, entry in
                routes[entry.key] = MonitoredRoute(
                    lastSeen: entry.value.lastSeen, lastLive: entry.value.lastLive,
                    perMinute: Double(recent[entry.key] ?? 0) * 60 / MonitoredRoute.rateWindow)
            }, refusals: refusals)
    }
}

/// The first rows of an order, out of many that come in another.
private struct FirstRows {
    private let count: Int
    private var kept: [(row: FleetRow, state: MonitoredState)] = []
    private var seen = 0

    init(count: Int) {
        self.count = count
    }

    var rows: [(row: FleetRow, state: MonitoredState)] { Array(kept.sorted(by: Self.areInOrder).prefix(count)) }

    var leftOut: Int { max(0, seen - count) }

    mutating func add(_ row: FleetRow, in state: MonitoredState) {
        seen += 1
        kept.append((row, state))
        // Twice as many as are wanted, so that sorting is rare.
        if kept.count > 2 * count + 1 { kept = rows }
    }

    private static func areInOrder(
        _ left: (row: FleetRow, state: MonitoredState), _ right: (row: FleetRow, state: MonitoredState)
    ) -> Bool {
        left.state == right.state ? left.row.name < right.row.name : left.state < right.state
    }
}
