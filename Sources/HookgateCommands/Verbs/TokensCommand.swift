import ArgumentParser
import Fleet
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate tokens`: each integration's webhook token and URL, as the guide's `get_webhook_tokens.py` lists them, and
/// how to give it another one.
struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "List the webhook token and URL of each integration, or give one another token.",
        discussion: """
            Tokens are secrets: they are masked unless you ask with --reveal. Exit code 3 when an integration has \
            no usable token. The options are those of `hookgate tokens list --help`.

            Examples:
              hookgate tokens --clinic-id 6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 --reveal
              hookgate tokens rotate clinic-abc123 --grace 24h
            """,
        subcommands: [List.self, Rotate.self, Revoke.self],
        defaultSubcommand: List.self,
        aliases: ["get-webhook-tokens"]
    )

    /// The list itself: what plain `hookgate tokens` does.
    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the webhook token and URL of each integration (the default).",
            discussion: """
                Example:
                  hookgate tokens list --reveal
                """
        )

        static let defaultExportFile = "webhook_tokens.json"

        @OptionGroup var global: GlobalOptions

        @Flag(name: [.short, .long], help: "Also show how to set each URL at Evolution API.")
        var verbose = false

        @Flag(help: "Print tokens in clear.")
        var reveal = false

        @Option(
            name: .customLong("export"), defaultAsFlag: Self.defaultExportFile,
            help: "Write all tokens in clear to this file (default: webhook_tokens.json), readable by you alone.")
        var exportFile: String?

        @Option(name: .customLong("clinic-id"), help: "Only this clinic's.")
        var clinic: String?

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let clinicID = try clinic.map { text in
                guard let id = ClinicID(text) else {
                    throw CommandFailure("--clinic-id '\(text)' is not a UUID.", status: .wrongUsage)
                }
                return id
            }
            return try await Database.use(configuration) { database in
                let printer = TokenPrinter(
                    publicURL: configuration.publicURL, isRevealed: reveal, isVerbose: verbose,
                    isNarrowed: clinicID != nil, output: global.json ? .json : .text)
                let export = exportFile.map { TokenExport(path: $0, publicURL: configuration.publicURL) }
                let summary = try await TokenList(catalog: database.catalog).forEach(clinic: clinicID) { entry in
                    try printer.print(entry)
                    export?.add(entry)
                }
                let exported = try export?.write(at: Date())
                try printer.finish(summary, exportedTo: exported)
                return summary.needsAttention ? .attention : .done
            }
        }
    }
}
