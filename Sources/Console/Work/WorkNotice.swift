import FoundationEssentials

/// Where a piece of work is, above what it has found.
enum WorkNotice {
    /// - Parameters:
    ///   - what: names the work, as "The plan".
    ///   - progress: how far it is, while it works.
    static func html<Report: Sendable>(
        _ what: String, _ standing: WorkStanding<Report>, _ progress: HTML, now: Date
    ) -> HTML {
        let began: HTML = "begun \(Moment.html(standing.startedAt, now: now)) by \(standing.actor)"
        switch standing.ending {
        case nil: return Notice.html("\(what) is under way: \(progress) \(began)", .notice)
        case .done: return Notice.html("\(what) is done: \(progress) \(began)", .good)
        case .stopped: return Notice.html("\(what) was stopped: \(progress) What is done stays. \(began)", .notice)
        case .failed(let why): return Notice.html("\(what) failed: \(why) \(began)", .bad)
        }
    }
}
