import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate users`: the people who have access to console and API.
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Give people access to the console and its API, and take it.",
        discussion: """
            A user is a person with a role and, if wanted, one organization. They have no password: they sign in by a \
            link that is good once (invite), or by a key of their own (keys create NAME --user). What is changed acts on \
            running sessions at once; who is disabled loses every key, link and session for good.

            Examples:
              hookgate users create ana --role operator --display-name "Ana Souza"
              hookgate users invite ana --base https://console.example.com
              hookgate users set ana --role admin
              hookgate users disable ana
            """,
        subcommands: [List.self, Create.self, Set.self, Invite.self, Disable.self, Enable.self],
        defaultSubcommand: List.self
    )

    static let lastWayIn = CommandFailure(
        "Nobody could get in as an admin of all organizations any more: no other key of one is good, and "
            + "HOOKGATE_ADMIN_TOKEN is not set. Make another key first (hookgate keys create NAME --role admin), or write "
            + "--force.", status: .attention)

    static func name(_ text: String) throws -> UserName {
        guard let name = UserName(text) else {
            throw CommandFailure("'\(text)' is no user's name: that has \(UserName.form).", status: .wrongUsage)
        }
        return name
    }

    static func user(_ name: UserName, _ users: any UserStore) async throws -> UserRecord {
        guard let user = try await users.user(name, at: Date()) else { throw Self.missing(name) }
        return user
    }

    static func missing(_ name: UserName) -> CommandFailure {
        CommandFailure("There is no user '\(name.text)'. List them: hookgate users list")
    }

    static func isDisabled(_ user: UserRecord) -> CommandFailure {
        CommandFailure(
            "\(user.name.text) is disabled. First: hookgate users enable \(user.name.text)", status: .attention)
    }

    static func act(_ configuration: Configuration, isForced: Bool = false, isDryRun: Bool = false) -> AccessAct {
        AccessAct(
            by: CommandActor.current, at: Date(), hasConfiguredToken: configuration.adminToken != nil,
            isForced: isForced, isDryRun: isDryRun)
    }

    struct List: Verb {
        private static let page = 500

        static let configuration = CommandConfiguration(
            abstract: "List the users (the default).",
            discussion: """
                Example:
                  hookgate users list --json
                """
        )

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                let users = PostgresUsers(pool: database.pool)
                var all: [UserRecord] = []
                while true {
                    let some = try await users.users(after: all.last?.name, limit: Self.page, at: Date())
                    all += some
                    if some.count < Self.page { break }
                }
                try UserPrinter(isJSON: global.json).print(all)
                return .done
            }
        }
    }

    struct Create: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a user, who gets in once invited or given a key.",
            discussion: """
                Example:
                  hookgate users create ana --role viewer --organization 6b1f0c1e-0000-4000-8000-000000000001
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "What they are called, in commands and in the audit log: ana, or ana@clinic.example.")
        var name: String

        @Option(help: "One of: \(AccessRole.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role: String

        @Option(help: "The one organization that they may see; all without it.")
        var organization: String?

        @Option(name: .customLong("display-name"), help: "What people call them.")
        var displayName: String?

        @Flag(name: .customLong("dry-run"), help: "Show what would be made; make nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            let name = try UsersCommand.name(name)
            let role = try OptionReading.value("--role", role, "a role", AccessRole.init(rawValue:))
            let organization = try organization.map {
                try OptionReading.value("--organization", $0, "a UUID", OrganizationID.init)
            }
            guard
                let draft = UserDraft(name, displayName: displayName, role: role, scope: AccessScope(organization))
            else { throw UsersCommand.noDisplayName }
            let configuration = try global.configuration()
            let printer = UserPrinter(isJSON: global.json)
            return try await Database.use(configuration) { database in
                let users = PostgresUsers(pool: database.pool)
                if dryRun {
                    let user = try await users.user(name, at: Date())
                    let keys = try await PostgresAccessKeys(pool: database.pool).keys()
                    let isTaken =
                        user != nil
                        || keys.contains { $0.user == nil && $0.revokedAt == nil && $0.name == name.text }
                    try printer.wouldCreate(draft, isTaken: isTaken)
                    return isTaken ? .attention : .done
                }
                guard let user = try await users.create(draft, UsersCommand.act(configuration)) else {
                    throw CommandFailure(
                        "There is a user or a key called '\(name.text)' already. Take another name, or see: hookgate "
                            + "users list, hookgate keys list", status: .attention)
                }
                try printer.created(user)
                return .done
            }
        }
    }

    static let noDisplayName = CommandFailure(
        "A display name has from 1 to \(DisplayName.longest) visible characters.", status: .wrongUsage)
}
