import FoundationEssentials
import HookgateCore

/// Prints looks at the fleet: a table that is drawn anew on a terminal, lines of what has changed anywhere else.
struct MonitorPrinter {
    private struct Document: Encodable {
        struct Traffic: Encodable {
            let lastSeen: String
            let lastLive: String?
            let perMinute: Double
        }

        struct Instance: Encodable {
            let instanceName: String
            let title: String?
            let state: String
            let needsAttention: Bool
            let tokenRoute: Traffic?
            let legacyRoute: Traffic?
            let refusedRequests: Int
        }

        let at: String
        let listeningSince: String?
        let counts: [String: Int]
        let instances: [Instance]
        let leftOut: Int
        let strangersRequests: Int
    }

    private static let eraseScreen = "\u{1B}[H\u{1B}[J"
    private static let longestName = 32

    private let isJSON: Bool
    /// Whether more looks follow.
    private let isLive: Bool
    private var shown: [InstanceName: MonitoredInstance] = [:]

    init(isJSON: Bool, isLive: Bool) {
        self.isJSON = isJSON
        self.isLive = isLive
    }

    mutating func show(_ view: FleetView) throws {
        if isJSON { return try JSONOutput.printLine(Self.document(view)) }
        let output = StandardStream.output
        if isLive, !output.isTerminal {
            for instance in view.instances where Self.isNews(instance, after: shown[instance.name]) {
                output.line("\(view.at.formatted(.iso8601)) \(Self.line(instance, at: view.at))")
            }
            // Of a bounded list: what falls out of it is said again when it comes back.
            shown = Dictionary(view.instances.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
            return
        }
        if isLive { output.write(Self.eraseScreen) }
        Self.table(view).forEach(output.line)
    }

    /// Rates fade by themselves: only what came, and what it amounts to, is news.
    private static func isNews(_ instance: MonitoredInstance, after before: MonitoredInstance?) -> Bool {
        before?.state != instance.state || before?.routes.mapValues(\.lastSeen) != instance.routes.mapValues(\.lastSeen)
    }

    private static func line(_ instance: MonitoredInstance, at now: Date) -> String {
        let routes = [Route.token, .instance].map { route in
            let word = route == .token ? "token URL" : "old URL"
            guard let traffic = instance.routes[route] else { return "\(word) never" }
            return "\(word) \(rate(traffic))/min, last \(age(traffic.lastSeen, at: now))"
        }
        return "\(instance.name): \(instance.state.meaning) [\(routes.joined(separator: "; "))]"
    }

    private static func table(_ view: FleetView) -> [String] {
        var lines = [heading(view), summary(view)]
        let rows = view.instances.map { instance in
            let (token, legacy) = (instance.routes[.token], instance.routes[.instance])
            return [
                cut(instance.name.description), instance.state.rawValue, token.map(rate) ?? "-",
                token.map { age($0.lastSeen, at: view.at) } ?? "never",
                legacy.map(rate) ?? "-", legacy.map { age($0.lastSeen, at: view.at) } ?? "never",
                remark(instance),
            ]
        }
        if !rows.isEmpty {
            lines += [""] + aligned([["INSTANCE", "STATE", "TOKEN/MIN", "LAST", "OLD/MIN", "LAST", ""]] + rows)
        }
        if view.leftOut > 0 { lines.append("   and \(view.leftOut) more: --rows N") }
        if let count = count(view.strangers) {
            lines.append("\(count) requests of strangers were refused today: scanners, mistyped URLs")
        }
        return lines
    }

    private static func remark(_ instance: MonitoredInstance) -> String {
        let refused = count(instance.refusals).map { "\($0) refused" }
        let warning = instance.state.needsAttention ? "⚠️ \(instance.state.meaning)" : nil
        return [warning, refused].compactMap(\.self).joined(separator: ", ")
    }

    private static func heading(_ view: FleetView) -> String {
        let listening =
            view.listeningSince.map { "listening without a gap since \($0.formatted(.iso8601))" }
            ?? "no gateway listens"
        return "\(view.at.formatted(.iso8601)), \(listening)"
    }

    private static func summary(_ view: FleetView) -> String {
        let parts = MonitoredState.allCases.compactMap { state in
            view.counts[state].map { "\($0) \(state.rawValue)" }
        }
        return "\(view.counts.values.reduce(0, +)) instances: \(parts.isEmpty ? "none" : parts.joined(separator: ", "))"
    }

    private static func aligned(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func cut(_ text: String) -> String {
        text.count > longestName ? text.prefix(longestName - 1) + "…" : text
    }

    private static func rate(_ traffic: MonitoredRoute) -> String {
        let tenths = Int((traffic.perMinute * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// How long ago, in one unit.
    private static func age(_ date: Date, at now: Date) -> String {
        let seconds = max(0, Int(now.timeIntervalSince(date)))
        return switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7_200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3_600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    private static func count(_ refusals: [RefusalSummary]) -> Int? {
        let count = refusals.reduce(0) { $0 + $1.count }
        return count > 0 ? count : nil
    }

    private static func document(_ view: FleetView) -> Document {
        Document(
            at: view.at.formatted(.iso8601), listeningSince: view.listeningSince?.formatted(.iso8601),
            counts: Dictionary(view.counts.map { ($0.rawValue, $1) }, uniquingKeysWith: { $1 }),
            instances: view.instances.map { instance in
                Document.Instance(
                    instanceName: instance.name.text, title: instance.title, state: instance.state.rawValue,
                    needsAttention: instance.state.needsAttention, tokenRoute: traffic(instance.routes[.token]),
                    legacyRoute: traffic(instance.routes[.instance]), refusedRequests: count(instance.refusals) ?? 0)
            },
            leftOut: view.leftOut, strangersRequests: count(view.strangers) ?? 0)
    }

    private static func traffic(_ route: MonitoredRoute?) -> Document.Traffic? {
        route.map {
            Document.Traffic(
                lastSeen: $0.lastSeen.formatted(.iso8601), lastLive: $0.lastLive?.formatted(.iso8601),
                perMinute: $0.perMinute)
        }
    }
}
