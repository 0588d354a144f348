import ArgumentParser
import FoundationEssentials
import HookgateCore
import Logging
import Store

extension SpoolCommand {
    struct Ship: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Ship a dead machine's spool into the inbox, then empty it.",
            discussion: """
                Any host will do that sees the directory and the database. Shipping is idempotent: an event that the \
                inbox has already is taken once. Segments are removed only after the inbox has them; damaged ones are \
                kept aside (exit code 3). Refused while the owner holds its lock. A lock does not cross machines: make \
                sure that a shared disk's owner is really gone.

                Example:
                  hookgate spool ship /mnt/rescued/hookgate --dry-run
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The dead machine's data directory, or the spool in it.")
        var directory: String

        @Flag(name: .customLong("dry-run"), help: "Show what waits and whether it can be read; change nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            LogBootstrap.start(configuration)
            let directory = try SpoolDirectory.find(directory, configuration)
            let before = try await SpoolDirectory.offTheSharedThreads {
                try SpoolInspector(directory: directory).inspect()
            }
            if case .process(let pid) = before.owner { throw Self.isOwned(directory, pid) }
            if dryRun { return try await preview(before) }
            return try await Database.use(configuration) { database in
                try await ship(directory, to: database, secondFactor: configuration.secondFactorPolicy)
            }
        }

        private func preview(_ inspection: SpoolInspection) async throws -> ExitStatus {
            let verification = try await SpoolDirectory.offTheSharedThreads {
                try SpoolInspector(directory: inspection.directory).verify()
            }
            try SpoolPrinter(isJSON: global.json).printPreview(inspection, verification)
            return verification.isWhole ? .done : .attention
        }

        private func ship(
            _ directory: String, to database: Database, secondFactor: SecondFactorPolicy
        ) async throws -> ExitStatus {
            var options = SpoolOptions()
            options.preparesAhead = false
            let spool: Spool
            do throws(SpoolOpenError) {
                spool = try await Spool.open(directory: directory, options: options)
            } catch .locked(let directory, let pid) {
                throw Self.isOwned(directory, pid)
            }
            let shipper = Shipper(
                spool: spool, pool: database.pool, routing: database.routing, bodies: database.bodies,
                secondFactor: secondFactor,
                logger: Logger(label: "hookgate"))
            let printer = SpoolPrinter(isJSON: global.json)
            do {
                try await shipper.shipAll { printer.progress($0) }
                try await spool.reader.removeShipped()
            } catch {
                printer.interrupted(spool.statistics(), shipper.status)
                await spool.release()
                throw error
            }
            let statistics = spool.statistics()
            await spool.release()
            try printer.shipped(statistics, shipper.status)
            return statistics.damagedSegments > 0 ? .attention : .done
        }

        private static func isOwned(_ directory: String, _ pid: Int32?) -> CommandFailure {
            let owner = pid.map { "process \($0)" } ?? "a process"
            return CommandFailure(
                "The spool \(directory) is in use by \(owner), which ships it by itself. This is for the spool of a "
                    + "machine that is dead; stop that process first if you mean this one.")
        }
    }
}
