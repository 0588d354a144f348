package import FoundationEssentials
package import HookgateCore

/// What was seen over time.
extension CleanupGates {
    /// - Parameter switched: when each instance's webhook was set to its token URL.
    package static func legacyTraffic(
        _ traffic: [LegacyTraffic], switched: [InstanceName: Date], window: CoverageInterval
    ) -> CleanupFinding {
        var calls: [CleanupFinding.Evidence] = []
        var retries: [CleanupFinding.Evidence] = []
        for item in traffic where item.traffic.lastSeen >= window.from {
            let name = item.instance.text
            let use = switched[item.instance].map { LegacyRouteUse(item.traffic, switchedAt: $0) }
            switch (use, item.traffic.lastLive) {
            // What was under way at a switch before the window says nothing of the window.
            case (.inFlight(let last), _) where switched[item.instance].map { $0 < window.from } ?? false:
                retries.append(.init(name, "what was under way when its webhook was switched over", at: last))
            case (.straggler, let live?) where live >= window.from:
                calls.append(.init(name, "still called on an old URL after its switch", at: live))
            case (_, let live?) where live >= window.from:
                calls.append(.init(name, "called on an old URL", at: live))
            default:
                retries.append(.init(name, "retries of what had come before", at: item.traffic.lastSeen))
            }
        }
        guard let last = calls.compactMap(\.at).max() else {
            return CleanupFinding(
                .legacyTraffic, .met, "nothing came on the old URLs since \(window.from.formatted(.iso8601))",
                evidence: retries)
        }
        return CleanupFinding(
            .legacyTraffic, .notMet,
            "\(calls.count) instances were called on an old URL in the window; if that was the last, this holds from "
                + "\(last.addingTimeInterval(window.duration).formatted(.iso8601)) on",
            evidence: calls + retries, total: calls.count,
            remedy: DoctorRemedy(
                "Set the token URL wherever the old one is still called: at Evolution, in a global webhook, in a proxy.",
                ["hookgate webhooks status", "hookgate webhooks switch", "hookgate doctor --check old-route-traffic"]))
    }

    package static func observation(_ report: CoverageReport) -> CleanupFinding {
        let report = report.forgivingWriteLag
        let gaps = report.gaps.sorted { $0.duration > $1.duration }.map {
            CleanupFinding.Evidence(
                "nobody listened", "until \($0.until.formatted(.iso8601)) (\(Int($0.duration.rounded())) seconds)",
                at: $0.from)
        }
        let isTolerable =
            (report.longestGap?.duration ?? 0) <= longestGap
            && report.uncovered <= report.window.duration * mostUncovered
        if isTolerable {
            return CleanupFinding(
                .observation, .met,
                report.isComplete
                    ? report.words
                    : "all of the window but \(Int(report.uncovered.rounded())) seconds in \(report.gapCount) "
                        + (report.gapCount == 1 ? "short gap" : "short gaps"),
                evidence: gaps, total: report.gapCount)
        }
        // The window must begin behind the last gap that is too long, or else the share falls with time.
        let last = report.gaps.last { $0.duration > longestGap }
        let from =
            last.map {
                "; without another long gap this holds from "
                    + $0.until.addingTimeInterval(report.window.duration).formatted(.iso8601) + " on"
            } ?? ""
        return CleanupFinding(
            .observation, .notMet, "listened to \(report.words)\(from)", evidence: gaps, total: report.gapCount,
            remedy: DoctorRemedy(
                "Keep a gateway running in front of the old URLs; gaps of up to 15 minutes, and 1 % of the window in all, "
                    + "are let pass.", ["hookgate serve"]))
    }

    /// - Parameter looks: of every table that counts, in the order of time, the one of now last.
    package static func readers(
        _ looks: [TableLook], accepted: String?, at now: Date
    ) -> CleanupFinding {
        var evidence: [CleanupFinding.Evidence] = []
        var isUsed = false
        var isUnknown = false
        for (source, looks) in Dictionary(grouping: looks, by: \.source).sorted(by: {
            $0.key.rawValue < $1.key.rawValue
        }) {
            guard let latest = looks.last else { continue }
            switch quiet(latest, among: looks.dropLast(), acceptsReads: accepted != nil) {
            case .since(let start):
                evidence.append(.init(source.rawValue, "used by nobody else since", at: start))
            case .used(let use, let start):
                isUsed = true
                evidence.append(
                    .init(source.rawValue, "\(use.reads) reads and \(use.writes) writes by others since", at: start))
            case .tooShort(let start):
                isUnknown = true
                evidence.append(.init(source.rawValue, "watched for less than 24 hours, since", at: start ?? latest.at))
            }
        }
        let remedy = DoctorRemedy(
            "Look again a day later. Who reads shows in pg_stat_activity and pg_stat_statements; the gateway's look-ups of "
                + "names that nobody has are among it. For reads that need nothing, as a nightly dump's: --accept-reads.",
            ["hookgate cleanup plan"])
        if isUsed {
            return CleanupFinding(
                .readers, .notMet, "somebody else used the tables", evidence: evidence, asOf: now, remedy: remedy)
        }
        if isUnknown {
            return CleanupFinding(
                .readers, .unknown, "the tables were not watched for long enough to say; each plan takes a look",
                evidence: evidence, asOf: now, remedy: remedy)
        }
        return CleanupFinding(
            .readers, .met,
            accepted.map { "nobody else wrote to the tables; reads are accepted: \($0)" } ?? CleanupGate.readers.title,
            evidence: evidence, asOf: now)
    }

    private enum Quiet {
        case since(Date)
        case used(TableUse, since: Date)
        case tooShort(since: Date?)
    }

    /// How long nobody else has used a table, as two looks prove: the longest such time that ends now.
    private static func quiet(
        _ latest: TableLook, among earlier: some Sequence<TableLook>, acceptsReads: Bool
    ) -> Quiet {
        var lastUse: (use: TableUse, since: Date)?
        for look in earlier {
            guard let use = latest.use(since: look) else { continue }
            if use.writes == 0, acceptsReads || use.reads == 0 {
                if latest.at.timeIntervalSince(look.at) >= quietTime { return .since(look.at) }
                return lastUse.map { .used($0.use, since: $0.since) } ?? .tooShort(since: look.at)
            }
            lastUse = (use, look.at)
        }
        return lastUse.map { .used($0.use, since: $0.since) } ?? .tooShort(since: nil)
    }
}
