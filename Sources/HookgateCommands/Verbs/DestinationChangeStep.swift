import FoundationEssentials
import HookgateCore

/// From what a destination was to what it is now: read, change, write with the audit log's entry, say so.
struct DestinationChangeStep {
    private let options: DestinationsCommand.Change
    private let verb: String
    private let makesNew: Bool

    /// - Parameter makesNew: whether a destination that is not there yet is made.
    init(_ options: DestinationsCommand.Change, verb: String, makesNew: Bool = false) {
        self.options = options
        self.verb = verb
        self.makesNew = makesNew
    }

    func run(_ change: (inout DestinationRecord, Configuration) throws -> Void) async throws -> ExitStatus {
        let scope = try options.named.scope()
        let configuration = try options.named.global.configuration()
        return try await Database.use(configuration) { database in
            let printer = DestinationPrinter(isJSON: options.named.global.json)
            let found = try await database.destinations.destination(of: scope)
            // The configuration's own has a row only once somebody pauses or filters it.
            let isOurs = makesNew || scope == .default && configuration.delivery != nil
            var after = isOurs ? found ?? DestinationRecord(scope: scope) : try found.orMissing(scope)
            try change(&after, configuration)
            if options.dryRun {
                try printer.changed(after, outcome: .dryRun)
                return .done
            }
            guard after != found else {
                try printer.changed(after, outcome: .unchanged)
                return .done
            }
            let audit = try AuditEntry(
                actor: CommandActor.current, action: "destinations.\(verb)", subject: scope.text,
                detail: DestinationAudit(after))
            guard
                try await database.destinations.save(after, over: found, at: TimeSource.system.now, audit: audit)
            else {
                throw CommandFailure(
                    "Somebody else has changed the destination \(scope.text) at the same time, so nothing was written. "
                        + "Look again: hookgate destinations show \(scope.text)")
            }
            let isNewSecret = after.secrets?.secrets.first != found?.secrets?.secrets.first
            try printer.changed(after, outcome: .done, newSecret: isNewSecret ? after.secrets?.secrets.first : nil)
            return .done
        }
    }
}
