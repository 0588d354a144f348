import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

extension EventsCommand {
    /// Which events a decision is about, and how it is made; the same for all three.
    struct DecisionOptions: ParsableArguments {
        @Argument(help: "Event ids, as `hookgate events list` shows them.")
        var events: [String] = []

        @OptionGroup var selection: Selection

        @Flag(help: "Every event that the decision applies to, or all that the other options leave.")
        var all = false

        @Option(help: "Why; kept with each event and in the audit log.")
        var note: String?

        @Flag(name: .customLong("dry-run"), help: "Show how many of which clinic; change nothing.")
        var dryRun = false

        @Flag(help: "Do not ask.")
        var yes = false

        func filter() throws -> EventFilter {
            var filter = try selection.filter()
            guard !events.isEmpty else {
                guard selection.isNarrowed || all else {
                    throw CommandFailure(
                        "Say which events: their ids, --clinic-id, --instance, --state, --kind, --since, --until, or "
                            + "--all.", status: .wrongUsage)
                }
                return filter
            }
            guard !selection.isNarrowed, !all else {
                throw CommandFailure("Give event ids, or narrow by other options, not both.", status: .wrongUsage)
            }
            filter.ids = try events.map { try OptionReading.value("Event", $0, "an event id", EventID.init) }
            return filter
        }
    }

    struct Replay: Verb {
        static let configuration = CommandConfiguration(
            abstract:
                "Deliver events again, or at last: those that are parked, or were delivered, filtered or discarded.",
            discussion: """
                Narrowed without --state it means those that are parked. They go behind what is live, in order within \
                each chat, and only as long as their bodies are kept. --rate bounds how many are let go in a second.

                Examples:
                  hookgate events replay 0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90
                  hookgate events replay --clinic-id c0000000-0000-4000-8000-000000000001 --dry-run
                  hookgate events replay --state delivered --since 2026-03-01T08:00:00Z --rate 20
                """
        )

        @OptionGroup var global: GlobalOptions

        @OptionGroup var options: DecisionOptions

        @Option(help: "How many in a second, from 1 to 1000.")
        var rate = 50

        func validate() throws {
            guard (1...1_000).contains(rate) else { throw ValidationError("--rate is from 1 to 1000 a second.") }
        }

        func perform() async throws -> ExitStatus {
            try await EventDecisionStep(decision: .replay, options: options, global: global, rate: rate).run()
        }
    }

    struct Park: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Stop trying to deliver events, until somebody replays them.",
            discussion: """
                Example:
                  hookgate events park --instance clinic-abc123 --note "the backend is being moved"
                """
        )

        @OptionGroup var global: GlobalOptions

        @OptionGroup var options: DecisionOptions

        func perform() async throws -> ExitStatus {
            try await EventDecisionStep(decision: .park, options: options, global: global, rate: nil).run()
        }
    }

    struct Discard: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Give up events that wait or are parked: they are never delivered; their rows stay.",
            discussion: """
                What is held back is discarded with `hookgate quarantine discard`.

                Example:
                  hookgate events discard --state parked --until 2026-03-01T00:00:00Z --note "too late" --dry-run
                """
        )

        @OptionGroup var global: GlobalOptions

        @OptionGroup var options: DecisionOptions

        func validate() throws {
            guard options.note?.contains(where: { !$0.isWhitespace }) == true else {
                throw ValidationError("--note must say why.")
            }
        }

        func perform() async throws -> ExitStatus {
            try await EventDecisionStep(decision: .discard, options: options, global: global, rate: nil).run()
        }
    }
}

/// From what was asked to what was done: check, show, ask, decide in batches.
struct EventDecisionStep {
    /// Events in one transaction.
    private static let batch = 500
    /// Clinics that are counted one by one, by state: more than any fleet has, since what is not counted is not
    /// decided over.
    private static let mostGroups = 100_000

    let decision: EventDecision
    let options: EventsCommand.DecisionOptions
    let global: GlobalOptions
    /// Events in a second; nil for as fast as it goes.
    let rate: Int?

    func run() async throws -> ExitStatus {
        let filter = try options.filter()
        return try await Database.use(try global.configuration()) { database in
            let keeping = PostgresEventKeeping(pool: database.pool)
            let printer = EventDecisionPrinter(decision: decision, isJSON: global.json)
            try await checkIDs(filter, keeping, printer)
            let groups = try await keeping.groups(filter, for: decision, limit: Self.mostGroups)
            let count = groups.reduce(0) { $0 + $1.events }
            guard !options.dryRun, count > 0 else {
                try printer.finish(count, groups, isDryRun: true)
                return .done
            }
            printer.preview(groups)
            guard options.yes || Confirmation.ask(printer.question(count)) else {
                printer.declined()
                return .attention
            }
            try printer.finish(try await decide(filter, atMost: count, keeping), groups, isDryRun: false)
            return .done
        }
    }

    /// In batches, and no more than were shown: what comes meanwhile was not asked about.
    private func decide(
        _ filter: EventFilter, atMost count: Int, _ keeping: some EventKeeping
    ) async throws -> Int {
        let act = QuarantineAct(actor: CommandActor.current, decidedAt: Date(), note: options.note)
        var done = 0
        while done < count {
            let wanted = min(count - done, Self.batch, rate.map { $0 * 10 } ?? Self.batch)
            let decided = try await keeping.decide(decision, filter, limit: wanted, act: act)
            done += decided
            guard decided == wanted, done < count else { break }
            // The rate that was asked for, so that live deliveries are not crowded out.
            if let rate { try await Task.sleep(for: .seconds(Double(decided) / Double(rate))) }
        }
        return done
    }

    /// An id that is in no row is a mistake to mend before anything is changed; one in another state is only said.
    private func checkIDs(
        _ filter: EventFilter, _ keeping: some EventKeeping, _ printer: EventDecisionPrinter
    ) async throws {
        guard let ids = filter.ids else { return }
        let states = try await keeping.states(of: ids)
        let missing = ids.filter { states[$0] == nil }
        guard missing.isEmpty else {
            let list = missing.prefix(5).map(\.text).joined(separator: ", ")
            throw CommandFailure(
                "There is no event \(list) in this database; nothing was changed. List them: hookgate events list")
        }
        for id in ids {
            if let state = states[id], !decision.states.contains(state) { printer.doesNotApply(id, state) }
        }
    }
}
