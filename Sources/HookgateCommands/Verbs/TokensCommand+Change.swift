import ArgumentParser
import Fleet
import FoundationEssentials
import HookgateCore

extension TokensCommand {
    /// What both commands that change a token take.
    struct ChangeOptions: ParsableArguments {
        @OptionGroup var global: GlobalOptions

        @Flag(name: .customLong("dry-run"), help: "Show what would change; change nothing.")
        var dryRun = false

        @Flag(name: .customLong("yes"), help: "Do it without asking.")
        var yes = false

        @Flag(help: "Print the new token and URL in clear.")
        var reveal = false
    }

    struct Rotate: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Give an instance a new token, here and at Evolution; the one before goes on for a grace time.",
            discussion: """
                INSTANCE is matched exactly; an integration's id works as well. Where Evolution posts to the token URL, \
                the new one is proven with a probe, set with every other setting as it was, read back, and confirmed by \
                the first event after that; without one in time it is listed (exit code 3). Killed at any point, the \
                same command goes on with the token that it made. Without a configured Evolution server only our side \
                is changed. Until the grace time is over both URLs work; then events on the old one are quarantined. \
                Asks before it writes; end of input declines (exit code 3).

                Examples:
                  hookgate tokens rotate clinic-abc123 --grace 24h
                  hookgate tokens rotate --all --pace 2 --yes
                """
        )

        private static let longestGrace = Duration.seconds(90 * 86_400)

        @OptionGroup var options: ChangeOptions

        @Argument(help: "The instance's name.")
        var instance: String?

        @Flag(help: "Every instance that has an integration with a token.")
        var all = false

        @Option(help: "How long the old token goes on: 30m, 24h, 7d; 0 ends it at once.")
        var grace = "24h"

        @Option(help: "Instances changed in a second.")
        var pace = 5.0

        @Option(help: "How long each instance's first event is waited for; 0s does not wait.")
        var waitForEvent = DurationArgument(.seconds(30 * 60), text: "30m")

        @OptionGroup var rehearsal: RehearsalOption

        func validate() throws {
            guard (instance == nil) == all else { throw ValidationError("Name an instance, or give --all.") }
            guard (0.01...100).contains(pace) else {
                throw ValidationError("--pace \(pace) is out of range: give a number from 0.01 to 100.")
            }
        }

        func perform() async throws -> ExitStatus {
            guard let grace = DurationText.parse(grace), grace <= Self.longestGrace else {
                throw CommandFailure(
                    "--grace '\(self.grace)' is no time up to 90 days. Write it as 30m, 24h or 7d, or 0 to end the old "
                        + "token at once.", status: .wrongUsage)
            }
            let configuration = try options.global.configuration()
            if !configuration.evolutionServers.isEmpty {
                return try await TokenRotationStep(command: self, grace: grace).run(configuration)
            }
            var status = ExitStatus.done
            for subject in try await subjects(configuration) {
                let ending = try await TokenChangeStep(kind: .rotation, options: options).run {
                    keeper, now, random in
                    try await keeper.rotation(of: subject, grace: grace, at: now, random: random)
                } complaining: {
                    TokenChangeStep.explain($0, subject: subject)
                }
                if ending != .done { status = ending }
            }
            if !options.global.json {
                StandardStream.output.line(
                    "No Evolution server is configured (EVOLUTION_API_URL): nothing was set there.")
            }
            return status
        }

        /// The one that was named, or the ids of all.
        private func subjects(_ configuration: Configuration) async throws -> [String] {
            if let instance { return [instance] }
            return try await Database.use(configuration) { database in
                var ids: [String] = []
                try await database.catalog.forEachPage(clinic: nil) { page in ids += page.map(\.id.text) }
                return ids
            }
        }
    }

    struct Revoke: Verb {
        static let configuration = CommandConfiguration(
            abstract: "End an instance's tokens, or one token, at once.",
            discussion: """
                For a token that got into wrong hands. Every gateway answers 403 to it within two seconds, and \
                Evolution drops what it sends there: set the new URL at Evolution right away. An instance's name \
                (matched exactly) ends all its tokens; a fingerprint, as logs name a token, ends that one. Asks \
                before it writes; end of input declines (exit code 3).

                Examples:
                  hookgate tokens revoke clinic-abc123
                  hookgate tokens revoke 1f8e0c2a --dry-run
                """
        )

        @OptionGroup var options: ChangeOptions

        @Argument(help: "The instance's name, or a token's fingerprint: eight hexadecimal digits.")
        var subject: String

        func perform() async throws -> ExitStatus {
            try await TokenChangeStep(kind: .revocation, options: options).run { keeper, now, random in
                try await keeper.revocation(of: subject, at: now, random: random)
            } complaining: {
                TokenChangeStep.explain($0, subject: subject)
            }
        }
    }
}
