import HookgateCore

/// A switch-over or a rollback, as another replica can go on with it: under the same run, so that to take the run back is
/// to take all of it back.
struct SwitchOverJob: LeasedJob {
    static let kind = "switch_over"

    let request: SwitchOverRequest
    let run: RunID

    func report(_ summary: SwitchOverReport.Summary?) -> SwitchOverReport {
        summary.map { SwitchOverReport(self.request, run: self.run, $0) }
            ?? SwitchOverReport(self.request, run: self.run)
    }

    static func summary(of report: SwitchOverReport) -> SwitchOverReport.Summary { report.summary }

    func isPossible(with parts: ConsoleParts) -> Bool { parts.switchOver != nil }

    func carryOut(
        _ parts: ConsoleParts, by actor: String, isResumed: Bool, update: @escaping LongWork<SwitchOverReport>.Update
    ) async throws {
        let useCases = try SwitchOverDeeds.parts(parts).useCases(actor)
        // Of those that were named, one may be gone by the time that another replica goes on.
        let subjects = try await SwitchOverSubjects.of(self.request, parts, useCases, missingIsWrong: !isResumed)
        let observe: @Sendable (SwitchOverEvent) -> Void = { event in update { $0.take(event) } }
        let results =
            switch subjects {
            case .targets(let targets):
                try await useCases.switchOver(targets, run: self.run, options: self.request.options, observe: observe)
            case .entries(let entries):
                try await useCases.rollBack(entries, isDryRun: self.request.options.isDryRun, observe: observe)
            }
        update { report in
            report.waiting = 0
            for result in results { report.take(result.target, result.outcome) }
        }
    }
}

/// What a switch-over or a rollback is about.
enum SwitchOverSubjects: Sendable {
    case targets([SwitchOverTarget])
    case entries([SwitchOverEntry])

    var count: Int {
        switch self {
        case .targets(let targets): targets.count
        case .entries(let entries): entries.count
        }
    }

    /// - Parameter missingIsWrong: whether a name that no single integration has is the client's mistake.
    static func of(
        _ request: SwitchOverRequest, _ parts: ConsoleParts, _ useCases: any SwitchOverUseCases,
        missingIsWrong: Bool = true
    ) async throws -> SwitchOverSubjects {
        switch request.deed {
        case .rollBack: return .entries(try await useCases.restorable(request.selection))
        case .switchOver:
            let targets = try await useCases.targets(request.names)
            if missingIsWrong, let names = request.names,
                let missing = Set(names).subtracting(targets.map(\.instance)).min()
            {
                throw ConsoleError.unprocessable(
                    "No single integration with a valid token has the instance name '\(missing)'.")
            }
            try SwitchOverDeeds.checkURL(parts, isRehearsal: request.isRehearsal, targets)
            return .targets(targets)
        }
    }
}
