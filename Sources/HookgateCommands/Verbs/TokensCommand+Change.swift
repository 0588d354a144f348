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
            abstract: "Give an instance a new token; the one before goes on for a grace time.",
            discussion: """
                INSTANCE is matched exactly; an integration's id works as well. Until the grace time is over both \
                URLs work; then events on the old one are quarantined. Asks before it writes; end of input \
                declines (exit code 3).

                Example:
                  hookgate tokens rotate clinic-abc123 --grace 24h
                """
        )

        private static let longestGrace = Duration.seconds(90 * 86_400)

        @OptionGroup var options: ChangeOptions

        @Argument(help: "The instance's name.")
        var instance: String

        @Option(help: "How long the old token goes on: 30m, 24h, 7d; 0 ends it at once.")
        var grace = "24h"

        func perform() async throws -> ExitStatus {
            guard let grace = DurationText.parse(grace), grace <= Self.longestGrace else {
                throw CommandFailure(
                    "--grace '\(self.grace)' is no time up to 90 days. Write it as 30m, 24h or 7d, or 0 to end the old "
                        + "token at once.", status: .wrongUsage)
            }
            return try await TokenChangeStep(kind: .rotation, options: options).run { keeper, now, random in
                try await keeper.rotation(of: instance, grace: grace, at: now, random: random)
            } complaining: {
                TokenChangeStep.explain($0, subject: instance)
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
