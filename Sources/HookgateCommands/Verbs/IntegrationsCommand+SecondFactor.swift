import ArgumentParser
import FoundationEssentials
import HookgateCore

extension IntegrationsCommand {
    struct SecondFactorVerb: Verb {
        static let configuration = CommandConfiguration(
            commandName: "second-factor",
            abstract: "Show, set or clear what an instance's webhooks must bring along beside the URL.",
            discussion: """
                Alone it shows what there is. --header makes a secret header, --jwt a key under which Evolution \
                (2.3 and later) signs a token into each webhook; both go among the headers of the instance's webhook \
                settings there. What counted before goes on for --grace. Modes: observe counts and nothing more, enforce \
                stores what lacks the second factor and holds it for a person, off does not look, default follows \
                second-factor-mode. Secrets are shown once, with --reveal; of a header's value only a digest is kept. \
                Asks before it writes; end of input declines (exit code 3).

                Examples:
                  hookgate integrations second-factor clinic-abc123
                  hookgate integrations second-factor clinic-abc123 --header --mode observe --reveal
                  hookgate integrations second-factor clinic-abc123 --mode enforce
                  hookgate integrations second-factor clinic-abc123 --clear
                """
        )

        private static let longestGrace = Duration.seconds(90 * 86_400)

        @OptionGroup var options: TokensCommand.ChangeOptions

        @Argument(help: "The instance's name, or its integration's id.")
        var instance: String

        @Option(help: "off, observe, enforce or default.")
        var mode: String?

        @Flag(help: "Make a new secret header.")
        var header = false

        @Option(help: "With --header: what it is called.")
        var headerName = SecretHeaderName.standard.text

        @Flag(help: "Make a new key for Evolution's bearer tokens (jwt_key).")
        var jwt = false

        @Flag(help: "Take everything away first: secrets, mode, and what is in its grace.")
        var clear = false

        @Option(help: "How long the secrets before go on counting: 45m, 24h, 7d; 0 ends them at once.")
        var grace = "45m"

        func perform() async throws -> ExitStatus {
            let request = try request()
            let changes = request.header != nil || jwt || clear || mode != nil
            if request.header != nil || jwt, !options.reveal, !options.dryRun {
                throw CommandFailure(
                    "A new secret is shown once and can be read nowhere afterwards. Add --reveal, and give it to "
                        + "Evolution; or look first with --dry-run.", status: .wrongUsage)
            }
            let configuration = try options.global.configuration()
            return try await Database.use(configuration) { database in
                let step = SecondFactorStep(
                    factors: database.secondFactors(configuration.secondFactorPolicy),
                    policy: configuration.secondFactorPolicy, options: options)
                do {
                    return try await changes ? step.change(request, of: instance) : step.show(instance)
                } catch let error as SecondFactorError {
                    throw SecondFactorStep.explain(error, subject: instance)
                }
            }
        }

        private func request() throws -> SecondFactorRequest {
            var request = SecondFactorRequest()
            if let mode { request.mode = .set(try Self.mode(mode)) }
            if header {
                guard let name = SecretHeaderName(headerName) else {
                    throw CommandFailure(
                        "--header-name '\(headerName)' cannot be a secret header's name: up to \(SecretHeaderName.longest) letters, "
                            + "digits and hyphens, and none that already means something, as X-Hookgate-Secret.",
                        status: .wrongUsage)
                }
                request.header = name
            }
            request.mintsJWTKey = jwt
            request.clears = clear
            guard let grace = DurationText.parse(grace), grace <= Self.longestGrace else {
                throw CommandFailure(
                    "--grace '\(self.grace)' is no time up to 90 days. Write it as 45m, 24h or 7d, or 0 to end the old "
                        + "secrets at once.", status: .wrongUsage)
            }
            request.grace = grace
            return request
        }

        private static func mode(_ word: String) throws -> SecondFactorMode? {
            if word == "default" { return nil }
            guard let mode = SecondFactorMode(rawValue: word) else {
                throw CommandFailure(
                    "--mode '\(word)' is none. Use off, observe, enforce or default.", status: .wrongUsage)
            }
            return mode
        }
    }
}
