import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate events`: what is in the inbox.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Look at the events in the inbox, and decide over them.",
        discussion: """
            Examples:
              hookgate events list --limit 5
              hookgate events tail --instance clinic-abc123
            """,
        subcommands: [
            List.self, Show.self, Tail.self, Balance.self, Replay.self, Park.self, Discard.self, Erase.self,
            ForgetKey.self,
            RewrapKeys.self,
        ])

    /// Which events are meant.
    struct Selection: ParsableArguments {
        @Option(name: .customLong("clinic-id"), help: "Only this clinic's.")
        var clinic: String?

        @Option(help: "Only this instance's.")
        var instance: String?

        @Option(help: "Only events in this state: \(EventState.allCases.map(\.rawValue).joined(separator: ", ")).")
        var state: String?

        @Option(help: "Only this kind, as Evolution spells it: messages.upsert.")
        var kind: String?

        @Option(help: "Only events received at this time or later, as in 2026-03-01T08:30:00Z.")
        var since: String?

        @Option(help: "Only events received before this time.")
        var until: String?

        var isNarrowed: Bool {
            clinic != nil || instance != nil || state != nil || kind != nil || since != nil || until != nil
        }

        func filter() throws -> EventFilter {
            var filter = EventFilter()
            filter.clinic = try clinic.map { try OptionReading.value("--clinic-id", $0, "a UUID", ClinicID.init) }
            filter.instance = instance.map { InstanceName($0) }
            filter.state = try state.map {
                try OptionReading.value("--state", $0, "a state", EventState.init(rawValue:))
            }
            filter.kind = kind
            filter.receivedFrom = try since.map { try OptionReading.time("--since", $0) }
            filter.receivedBefore = try until.map { try OptionReading.time("--until", $0) }
            return filter
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            abstract: "List events, newest first.",
            discussion: """
                Times are UTC, as in 2026-03-01T08:30:00Z.

                Example:
                  hookgate events list --instance clinic-abc123 --state quarantined --limit 20
                """
        )

        @OptionGroup var global: GlobalOptions

        @OptionGroup var selection: Selection

        @Option(help: "How many at most, up to \(EventFilter.largestPage).")
        var limit = 50

        @Option(help: "Where the page before ended, as it was printed.")
        var cursor: String?

        func perform() async throws -> ExitStatus {
            let filter = try filter()
            return try await Database.use(try global.configuration()) { database in
                let page = try await PostgresEventArchive(pool: database.pool, bodies: database.bodies).list(filter)
                try EventPrinter(isJSON: global.json).print(page)
                return .done
            }
        }

        private func filter() throws -> EventFilter {
            var filter = try selection.filter()
            filter.cursor = try cursor.map {
                try OptionReading.value("--cursor", $0, "a cursor that a list printed", EventCursor.init)
            }
            guard (1...EventFilter.largestPage).contains(limit) else {
                throw CommandFailure("--limit is from 1 to \(EventFilter.largestPage).", status: .wrongUsage)
            }
            filter.limit = limit
            return filter
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show one event with its body; patients' words are masked.",
            discussion: """
                Examples:
                  hookgate events show 0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90
                  hookgate events show 0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90 --reveal --reason "the clinic asked"
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The event's id.")
        var id: String

        @Flag(help: "Show the body in clear, patients' words included; needs --reason.")
        var reveal = false

        @Option(help: "Why it must be seen in clear; goes into the audit log with your name.")
        var reason: String?

        func validate() throws {
            guard reveal == (reason != nil) else {
                throw ValidationError(
                    reveal
                        ? "--reveal shows a patient's words: say why with --reason." : "--reason goes with --reveal.")
            }
            guard reason?.contains(where: { !$0.isWhitespace }) ?? true else {
                throw ValidationError("--reason must say why.")
            }
        }

        func perform() async throws -> ExitStatus {
            guard let id = EventID(id) else {
                throw CommandFailure("'\(id)' is no event id. List them: hookgate events list", status: .wrongUsage)
            }
            return try await Database.use(try global.configuration()) { database in
                let archive = PostgresEventArchive(pool: database.pool, bodies: database.bodies)
                guard let event = try await archive.event(id) else {
                    throw try await missing(id, in: archive)
                }
                if let reason {
                    // Before anybody sees it: what cannot be noted is not shown.
                    try await archive.noteReveal(of: id, reason: reason, actor: CommandActor.current, at: Date())
                }
                try EventPrinter(isJSON: global.json).print(
                    event, attempts: try await archive.attempts(of: id), isRevealed: reveal)
                return .done
            }
        }

        private func missing(_ id: EventID, in archive: PostgresEventArchive) async throws -> CommandFailure {
            guard let original = try await archive.original(of: id) else {
                return CommandFailure("There is no event \(id) in this database. List them: hookgate events list")
            }
            return CommandFailure(
                "Event \(id) repeats \(original), which came before it, and was not stored again. "
                    + "See: hookgate events show \(original)")
        }
    }
}
