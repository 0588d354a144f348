import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

extension UsersCommand {
    /// What every subcommand that changes a user takes.
    struct Change: ParsableArguments {
        @OptionGroup var global: GlobalOptions

        @Argument(help: "The user's name.")
        var name: String

        @Flag(name: .customLong("dry-run"), help: "Show what would change; change nothing.")
        var dryRun = false

        @Flag(help: "Also when nobody could get in as an admin of all organizations any more.")
        var force = false

        /// - Parameter question: what to ask before; nil to ask nothing.
        func carryOut(_ change: UserChange, asking question: ((UserRecord) -> String)? = nil) async throws -> ExitStatus
        {
            let name = try UsersCommand.name(name)
            let configuration = try global.configuration()
            let printer = UserPrinter(isJSON: global.json)
            return try await Database.use(configuration) { database in
                let users = PostgresUsers(pool: database.pool)
                if let question, !dryRun {
                    let user = try await UsersCommand.user(name, users)
                    guard Confirmation.ask(question(user)) else { return .attention }
                }
                let act = UsersCommand.act(configuration, isForced: force, isDryRun: dryRun)
                switch try await users.change(name, change, act) {
                case .done(let user, let ended):
                    try printer.changed(user, ended, outcome: dryRun ? .dryRun : .done)
                case .unchanged(let user): try printer.changed(user, .none, outcome: .unchanged)
                case .missing: throw UsersCommand.missing(name)
                case .lastWayIn: throw UsersCommand.lastWayIn
                }
                return .done
            }
        }
    }

    struct Set: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Change what a user may; running sessions follow at once.",
            discussion: """
                What is not named stays as it is.

                Examples:
                  hookgate users set ana --role operator
                  hookgate users set ana --organization all
                """
        )

        @OptionGroup var change: Change

        @Option(help: "One of: \(AccessRole.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role: String?

        @Option(help: "The one organization that they may see, or 'all'.")
        var organization: String?

        @Option(name: .customLong("display-name"), help: "What people call them; empty for nothing.")
        var displayName: String?

        func perform() async throws -> ExitStatus {
            var wish = UserChange(displayName: displayName)
            wish.role = try role.map { try OptionReading.value("--role", $0, "a role", AccessRole.init(rawValue:)) }
            wish.scope = try organization.map {
                try OptionReading.value("--organization", $0, "a UUID, or all") { AccessScope($0) }
            }
            guard !wish.isEmpty else {
                throw CommandFailure(
                    "Say what to change: --role, --organization or --display-name.", status: .wrongUsage)
            }
            guard displayName.map({ $0.isEmpty || DisplayName.isOne($0) }) ?? true else {
                throw UsersCommand.noDisplayName
            }
            return try await change.carryOut(wish)
        }
    }

    struct Disable: Verb {
        static let configuration = CommandConfiguration(
            abstract: "End every key, link and session of a user, at once and for good.",
            discussion: """
                Example:
                  hookgate users disable ana
                """
        )

        @OptionGroup var change: Change

        @Flag(help: "Do not ask.")
        var yes = false

        func perform() async throws -> ExitStatus {
            try await change.carryOut(
                UserChange(isDisabled: true),
                asking: yes
                    ? nil
                    : { user in
                        "Disable \(user.title)? Whatever they use is refused from now on."
                    })
        }
    }

    struct Enable: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Let a user be invited again; their old keys and links stay ended.",
            discussion: """
                Example:
                  hookgate users enable ana
                """
        )

        @OptionGroup var change: Change

        func perform() async throws -> ExitStatus {
            try await change.carryOut(UserChange(isDisabled: false))
        }
    }

    struct Invite: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Print an address that signs a user in once; it ends the one before.",
            discussion: """
                Example:
                  hookgate users invite ana --expires 2h --base https://console.example.com
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "How long it can be used: 2h, 7d; 30d at most.")
        var expires = "24h"

        @Option(help: "What the console's address begins with; where this machine reaches it, without it.")
        var base: String?

        func perform() async throws -> ExitStatus {
            let name = try UsersCommand.name(name)
            let lasts = try OptionReading.value("--expires", expires, "a time up to 30d, as 2h or 7d") { text in
                DurationText.parse(text).flatMap { (Duration.seconds(1)...Invitation.longest).contains($0) ? $0 : nil }
            }
            let configuration = try global.configuration()
            let base = try ConsoleAddress.base(base, configuration)
            return try await Database.use(configuration) { database in
                let users = PostgresUsers(pool: database.pool)
                let act = UsersCommand.act(configuration)
                let secret = AccessSecret.random(.link)
                let end = act.now.addingTimeInterval(Double(lasts.components.seconds))
                guard let user = try await users.invite(name, secret, until: end, act) else {
                    throw UsersCommand.isDisabled(try await UsersCommand.user(name, users))
                }
                try UserPrinter(isJSON: global.json).invited(user, "\(base)/login/\(secret.secretText)", until: end)
                return .done
            }
        }
    }
}

/// What the console's address begins with, in what a command prints.
enum ConsoleAddress {
    /// - Parameter text: what a person wrote; nil for where this machine reaches it.
    static func base(_ text: String?, _ configuration: Configuration) throws -> String {
        let stated = try text.map { try OptionReading.value("--base", $0, "a web address") { try? PublicURL($0) } }
        let listen = configuration.consoleListen ?? configuration.listen
        return stated?.text ?? "http://\(listen.reachableText)"
    }
}
