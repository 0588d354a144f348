import ArgumentParser
import HookgateCore

/// `hookgate monitor`: how the fleet's webhooks come, on both routes, as they come.
struct MonitorCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Show how each instance's webhooks come, on both URLs, again and again.",
        discussion: """
            A row for each instance: how often events come on each URL, when the last one came, and what that amounts \
            to, those that need a person first. A straggler was switched over and is still called on its old URL; \
            retries of what was under way then, and strangers, are told apart. On a terminal the table is drawn anew; \
            piped, a line is printed for each change. --json prints a document a line. Ends with Ctrl-C, with its \
            reader, or with --once (exit code 3 while anything needs a person).

            Examples:
              hookgate monitor
              hookgate monitor --once --state straggler --state silent
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Names of instances (default: all).")
    var instances: [String] = []

    @Option(help: "Only instances of this state; repeatable.")
    var state: [MonitoredState] = []

    @Option(help: "Instances that are listed; all are counted.")
    var rows = 40

    @Option(help: "How long to wait before looking again, in seconds.")
    var every = 5.0

    @Flag(help: "Look once and end.")
    var once = false

    func validate() throws {
        guard (0...FleetRequest.mostRows).contains(rows) else {
            throw ValidationError("--rows is from 0 to \(FleetRequest.mostRows).")
        }
        guard (0.5...3_600).contains(every) else { throw ValidationError("--every is from 0.5 to 3600 seconds.") }
    }

    func perform() async throws -> ExitStatus {
        var request = FleetRequest()
        request.states = Set(state)
        request.names = Set(instances.map { InstanceName($0) })
        request.rows = rows
        let configuration = try global.configuration()
        return try await Database.use(configuration) { database in
            var printer = MonitorPrinter(isJSON: global.json, isLive: !once)
            while true {
                let view = try await database.fleet.look(request)
                try printer.show(view)
                if once { return view.needsAttention ? .attention : .done }
                try await Task.sleep(for: .seconds(every))
                guard StandardStream.hasReader else { return .done }
            }
        }
    }
}

extension MonitoredState: ExpressibleByArgument {}
