package import ArgumentParser
import Glibc

/// `hookgate`: the verbs, each in a file of its own.
package struct HookgateCommand: AsyncParsableCommand {
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "hookgate",
        abstract: "Receives WhatsApp webhooks without losing one, and moves a live fleet to token URLs.",
        discussion: """
            The migration guide's scripts are here under their names: write `hookgate check_legacy_instances.py`, \
            `hookgate check-legacy-instances` or `hookgate check`, as you like.

            Exit codes: 0 done or nothing to do, 1 failed, 3 a person must decide or run something, 64 wrong usage.
            """,
        version: version,
        subcommands: [
            CheckCommand.self, MigrateCommand.self, SchemaCommand.self, TokensCommand.self, IntegrationsCommand.self,
            WebhooksCommand.self, MonitorCommand.self, CleanupCommand.self, TestCommand.self, ServeCommand.self,
            EventsCommand.self,
            DestinationsCommand.self,
            QuarantineCommand.self, ExplainCommand.self, SpoolCommand.self,
            DoctorCommand.self, UsersCommand.self, KeysCommand.self, AuditCommand.self, ConfigCommand.self,
            DemoCommand.self,
            ApplyMigrationCommand.self,
        ]
    )

    package init() {}

    /// A peer or a reader that goes away must not end the process: whoever writes is told by the call's error.
    package static func prepareProcess() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Parses, runs and ends the process as the parser's own `main` would; but what it says of arguments that it does not
    /// understand repeats no secret.
    package static func runProcess(_ arguments: [String]) async -> Never {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit(withError: nil)
        } catch {
            let code = exitCode(for: error)
            let message = ArgumentMask(arguments).masked(fullMessage(for: error))
            if !message.isEmpty { (code == .success ? StandardStream.output : .error).write(message + "\n") }
            exit(withError: code)
        }
    }

    /// Lets the guide's script names stand for subcommands: `get_webhook_tokens.py` is `get-webhook-tokens`.
    package static func translated(_ arguments: [String]) -> [String] {
        guard let verb = arguments.first, !verb.hasPrefix("-") else { return arguments }
        let name = verb.hasSuffix(".py") ? String(verb.dropLast(3)) : verb
        return [String(name.map { $0 == "_" ? "-" : $0 })] + arguments.dropFirst()
    }
}
