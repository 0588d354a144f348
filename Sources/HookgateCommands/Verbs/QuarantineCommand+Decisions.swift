import ArgumentParser
import Fleet
import FoundationEssentials
import HookgateCore
import Store

extension QuarantineCommand {
    struct Release: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Decide held events anew, and let go what nothing holds any more.",
            discussion: """
                Each event is looked at as if it came now: it goes to the integration that is right now, or stays held \
                for the reason that still holds, and that is listed (exit code 3).

                Examples:
                  hookgate quarantine release 0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90
                  hookgate quarantine release --instance clinic-abc123 --dry-run
                  hookgate quarantine release --all --yes
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "Event ids, as `hookgate quarantine list` shows them.")
        var events: [String] = []

        @OptionGroup var selection: Selection

        @Flag(help: "Everything that is held, or all that the other options leave.")
        var all = false

        @Flag(
            name: .customLong("trust-name"),
            help: "You vouch for the instance that each body names: it goes to that one, within its organization.")
        var trustsName = false

        @Flag(name: .customLong("dry-run"), help: "Show what would be released and what not; change nothing.")
        var dryRun = false

        @Flag(help: "Do not ask.")
        var yes = false

        func perform() async throws -> ExitStatus {
            var options = QuarantineRelease.Options(filter: try selection.filter(events: events, all: all))
            options.trustsName = trustsName
            return try await Database.use(try global.configuration()) { database in
                let store = PostgresQuarantine(pool: database.pool, bodies: database.bodies)
                let decisions = QuarantineDecisions(
                    store: store, printer: QuarantineDecisionPrinter(isJSON: global.json))
                try await decisions.checkIDs(options.filter)
                let release = QuarantineRelease(store: store, routing: database.routing, time: .system)
                if dryRun || !yes {
                    options.isDryRun = true
                    let preview = try await decisions.run(release, options)
                    guard !dryRun, preview.released > 0 else {
                        return try decisions.finish(preview, isDryRun: true)
                    }
                    guard decisions.confirm("Release \(preview.released) events?", preview) else { return .attention }
                    options.isDryRun = false
                }
                return try decisions.finish(try await decisions.run(release, options), isDryRun: false)
            }
        }
    }

    struct Discard: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Give up held events: they are never delivered; their rows stay, with your note.",
            discussion: """
                Example:
                  hookgate quarantine discard --reason unknown_sender --note "scanner, 12 March" --dry-run
                """
        )

        private static let batch = 500

        @OptionGroup var global: GlobalOptions

        @Argument(help: "Event ids, as `hookgate quarantine list` shows them.")
        var events: [String] = []

        @OptionGroup var selection: Selection

        @Option(help: "Why; kept with each event.")
        var note: String

        @Flag(help: "Everything that is held, or all that the other options leave.")
        var all = false

        @Flag(name: .customLong("dry-run"), help: "Show how many; change nothing.")
        var dryRun = false

        @Flag(help: "Do not ask.")
        var yes = false

        func validate() throws {
            guard note.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--note must say why.") }
        }

        func perform() async throws -> ExitStatus {
            let filter = try selection.filter(events: events, all: all)
            return try await Database.use(try global.configuration()) { database in
                let store = PostgresQuarantine(pool: database.pool, bodies: database.bodies)
                let printer = QuarantineDecisionPrinter(isJSON: global.json)
                let decisions = QuarantineDecisions(store: store, printer: printer)
                try await decisions.checkIDs(filter)
                let groups = try await store.groups(filter, limit: List.mostGroups)
                let count = groups.reduce(0) { $0 + $1.events }
                guard !dryRun, count > 0 else {
                    try printer.discarded(count, isDryRun: true)
                    return .done
                }
                printer.toDiscard(groups)
                guard yes || Confirmation.ask("Discard \(count) events? They will not be delivered.") else {
                    printer.declined()
                    return .attention
                }
                let act = QuarantineAct(actor: CommandActor.current, decidedAt: Date(), note: note)
                var discarded = 0
                while true {
                    let batch = try await store.discard(filter, limit: Self.batch, act: act)
                    discarded += batch
                    if batch < Self.batch { break }
                }
                try printer.discarded(discarded, isDryRun: false)
                return .done
            }
        }
    }
}

/// What release and discard do alike around a decision.
struct QuarantineDecisions {
    let store: any QuarantineStore
    let printer: QuarantineDecisionPrinter

    /// An id that is in no row is a mistake to mend before anything is changed; one that is not held is only said.
    func checkIDs(_ filter: QuarantineFilter) async throws {
        guard let ids = filter.ids else { return }
        let states = try await store.states(of: ids)
        let missing = ids.filter { states[$0] == nil }
        guard missing.isEmpty else {
            let list = missing.prefix(5).map(\.text).joined(separator: ", ")
            throw CommandFailure(
                "There is no event \(list) in this database; nothing was changed. List them: hookgate quarantine list")
        }
        for id in ids {
            if let state = states[id], state != .quarantined { printer.isNotHeld(id, state) }
        }
    }

    func run(
        _ release: QuarantineRelease, _ options: QuarantineRelease.Options
    ) async throws -> ReleaseReport {
        let act = QuarantineAct(actor: CommandActor.current, decidedAt: Date(), note: nil)
        var refused: [ReleaseReport.Refused] = []
        let summary = try await release.run(options, act: act) { event, refusal in
            if refused.count < ReleaseReport.mostRefused { refused.append(.init(event: event, refusal: refusal)) }
        }
        return ReleaseReport(summary: summary, refused: refused)
    }

    func confirm(_ question: String, _ preview: ReleaseReport) -> Bool {
        printer.preview(preview)
        if Confirmation.ask(question) { return true }
        printer.declined()
        return false
    }

    func finish(_ report: ReleaseReport, isDryRun: Bool) throws -> ExitStatus {
        try printer.released(report, isDryRun: isDryRun)
        return report.summary.refusedCount > 0 ? .attention : .done
    }
}

/// What a release came to, with the first of those that stay held.
struct ReleaseReport {
    static let mostRefused = 1_000

    struct Refused {
        let event: EventSummary
        let refusal: ReleaseRefusal
    }

    let summary: QuarantineRelease.Summary
    let refused: [Refused]

    var released: Int { summary.released }
}
