import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate quarantine`: the events that are held back, and a person's decision over them.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "See, release or discard the events that are held back.",
        discussion: """
            An event is held back when it came and something about it was odd: its integration is disabled, its body \
            names another instance, its token was rotated out. It is kept with its reason until a person decides.

            Examples:
              hookgate quarantine list
              hookgate quarantine release --reason integration_disabled --dry-run
              hookgate quarantine discard --instance clinic-abc123 --note "test traffic"
            """,
        subcommands: [List.self, Release.self, Discard.self])

    /// Which held events are meant.
    struct Selection: ParsableArguments {
        private static let reasons = QuarantineReason.allCases.map(\.rawValue).joined(separator: ", ")

        @Option(help: "Only those held for this reason: \(Self.reasons).")
        var reason: String?

        @Option(help: "Only this instance's.")
        var instance: String?

        @Option(name: .customLong("clinic-id"), help: "Only this clinic's.")
        var clinic: String?

        @Option(help: "Only those received at this time or later, as in 2026-03-01T08:30:00Z.")
        var since: String?

        var isNarrowed: Bool { reason != nil || instance != nil || clinic != nil || since != nil }

        func filter() throws -> QuarantineFilter {
            var filter = QuarantineFilter()
            filter.reason = try reason.map {
                try OptionReading.value("--reason", $0, "a reason; they are \(Self.reasons)") {
                    QuarantineReason(rawValue: $0)
                }
            }
            filter.instance = instance.map { InstanceName($0) }
            filter.clinic = try clinic.map { try OptionReading.value("--clinic-id", $0, "a UUID", ClinicID.init) }
            filter.receivedFrom = try since.map { try OptionReading.time("--since", $0) }
            return filter
        }

        /// For a decision: what it is about must be said, by ids, by narrowing, or with `--all`.
        func filter(events: [String], all: Bool) throws -> QuarantineFilter {
            var filter = try filter()
            guard !events.isEmpty else {
                guard isNarrowed || all else {
                    throw CommandFailure(
                        "Say which events: their ids, --reason, --instance, --clinic-id, --since, or --all.",
                        status: .wrongUsage)
                }
                return filter
            }
            guard !isNarrowed, !all else {
                throw CommandFailure("Give event ids, or narrow by other options, not both.", status: .wrongUsage)
            }
            filter.ids = try events.map { try OptionReading.value("Event", $0, "an event id", EventID.init) }
            return filter
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Count what is held back by reason and integration, then list it, newest first.",
            discussion: """
                Exit code 3 when an integration has 80 % or more of what it may hold back: beyond the bound its events \
                get a 503.

                Example:
                  hookgate quarantine list --reason no_integration --limit 20
                """
        )

        static let mostGroups = 200

        @OptionGroup var global: GlobalOptions

        @OptionGroup var selection: Selection

        @Option(help: "How many events at most, up to \(EventFilter.largestPage); 0 for the counts alone.")
        var limit = 20

        func perform() async throws -> ExitStatus {
            guard (0...EventFilter.largestPage).contains(limit) else {
                throw CommandFailure("--limit is from 0 to \(EventFilter.largestPage).", status: .wrongUsage)
            }
            let filter = try selection.filter()
            let configuration = try global.configuration()
            return try await Database.use(configuration) { database in
                let groups = try await PostgresQuarantine(pool: database.pool, bodies: database.bodies).groups(
                    filter, limit: Self.mostGroups)
                let events =
                    limit == 0
                    ? []
                    : try await PostgresEventArchive(pool: database.pool, bodies: database.bodies).list(
                        page(of: filter)
                    ).events
                let printer = QuarantinePrinter(isJSON: global.json, limits: configuration.quarantineLimits)
                try printer.list(groups, events, at: Date())
                return printer.isAlarmed(groups) ? .attention : .done
            }
        }

        private func page(of filter: QuarantineFilter) -> EventFilter {
            var page = EventFilter()
            page.state = .quarantined
            page.reason = filter.reason
            page.instance = filter.instance
            page.clinic = filter.clinic
            page.receivedFrom = filter.receivedFrom
            page.limit = limit
            return page
        }
    }
}
