import ArgumentParser
import FoundationEssentials
import HookgateCore
import Logging
import Store

/// `hookgate spool`: the log on disk that events wait in until the inbox has them.
struct SpoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spool", abstract: "Look into a spool, check it, or ship that of a dead machine.",
        discussion: """
            DIR is a data directory or the spool in it; without it, the one of HOOKGATE_DATA_DIR.

            Examples:
              hookgate spool status
              hookgate spool ship /mnt/rescued/hookgate --dry-run
            """,
        subcommands: [Status.self, Verify.self, Ship.self])

    struct Status: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show the segments, what waits, and whether a process is at work; changes nothing.",
            discussion: """
                Example:
                  hookgate spool status --json
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "A data directory, or the spool in it.")
        var directory: String?

        func perform() async throws -> ExitStatus {
            let directory = try SpoolDirectory.find(directory, try global.configuration())
            let inspection = try await SpoolDirectory.offTheSharedThreads {
                try SpoolInspector(directory: directory).inspect()
            }
            try SpoolPrinter(isJSON: global.json).print(inspection, at: Date())
            return inspection.needsAttention ? .attention : .done
        }
    }

    struct Verify: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Read every record and compare its checksums; changes nothing.",
            discussion: """
                Exit code 3 when something is damaged, with the first bad byte of each place.

                Example:
                  hookgate spool verify /mnt/rescued/hookgate
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "A data directory, or the spool in it.")
        var directory: String?

        func perform() async throws -> ExitStatus {
            let directory = try SpoolDirectory.find(directory, try global.configuration())
            let verification = try await SpoolDirectory.offTheSharedThreads {
                try SpoolInspector(directory: directory).verify()
            }
            try SpoolPrinter(isJSON: global.json).print(verification, of: directory)
            return verification.isWhole ? .done : .attention
        }
    }
}
