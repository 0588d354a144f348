import ArgumentParser
import HookgateCore
import PostgresClient
import Store

extension EventsCommand {
    struct Tail: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Follow the inbox: each event as it becomes readable, none left out.",
            discussion: """
                Begins with what comes from now on; --after goes on behind an event that was printed before, however \
                long ago, as long as it is kept. --json prints a document a line. It ends with Ctrl-C, with its reader, \
                or with --no-follow when there is nothing more.

                The order is that in which gateways stored events, and the same each time. A transaction that writes to \
                the same PostgreSQL and stays open holds it back until it ends.

                Examples:
                  hookgate events tail --instance clinic-abc123
                  hookgate events tail --after 0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90 --no-follow --json
                """
        )

        private static let pageSize = 200

        @OptionGroup var global: GlobalOptions

        @OptionGroup var selection: Selection

        @Option(help: "Go on behind this event.")
        var after: String?

        @Flag(name: .customLong("from-beginning"), help: "Begin with the oldest event there is.")
        var fromBeginning = false

        @Flag(name: .customLong("no-follow"), help: "End when there is nothing more.")
        var noFollow = false

        @Option(help: "How long to wait before looking again, in seconds.")
        var every = 1.0

        func validate() throws {
            guard after == nil || !fromBeginning else {
                throw ValidationError("--after and --from-beginning each say where to begin: give one.")
            }
            guard (0.1...3_600).contains(every) else { throw ValidationError("--every is from 0.1 to 3600 seconds.") }
        }

        func perform() async throws -> ExitStatus {
            let filter = try selection.filter()
            let id = try after.map { try OptionReading.value("--after", $0, "an event id", EventID.init) }
            let configuration = try global.configuration()
            return try await Database.use(configuration) { database in
                let tail = PostgresEventTail(pool: database.pool)
                var place = try await beginning(of: tail, after: id)
                let printer = EventPrinter(isJSON: global.json)
                while StandardStream.hasReader {
                    let page = try await patiently { try await tail.next(behind: place, filter, limit: Self.pageSize) }
                    for event in page.events { try printer.printLine(event) }
                    place = page.next
                    guard page.events.count < Self.pageSize else { continue }
                    if noFollow { break }
                    // A person said how often; what is new is looked for and not told of.
                    try await Task.sleep(for: .seconds(every))
                }
                return .done
            }
        }

        private func beginning(of tail: PostgresEventTail, after id: EventID?) async throws -> TailPlace {
            guard let id else { return fromBeginning ? .beginning : try await tail.end() }
            guard let place = try await tail.place(behind: id) else {
                throw CommandFailure(
                    "Event \(id) is not in the inbox, so nobody can say what came behind it: it was removed when its "
                        + "time was over, or repeats another. Begin elsewhere: --from-beginning")
            }
            return place
        }

        /// A database that goes away while somebody follows it comes back; the place is kept meanwhile.
        private func patiently(_ read: () async throws -> TailPage) async throws -> TailPage {
            var wasSaid = false
            while true {
                do {
                    return try await read()
                } catch let error as PostgresError where !noFollow && error.mayPass {
                    if !wasSaid { StandardStream.error.line("hookgate: \(error); going on when it answers again") }
                    wasSaid = true
                    try await Task.sleep(for: .seconds(max(1, every)))
                }
            }
        }
    }
}

extension PostgresError {
    /// Whether the next try may find a server that answers.
    fileprivate var mayPass: Bool {
        switch kind {
        case .connectionFailed, .connectionLost, .timedOut: true
        case .server(let sqlState): sqlState.hasPrefix("57P") || sqlState.hasPrefix("08")
        default: false
        }
    }
}
