import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate keys`: who may use console and API.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Give and take access to the console and its API.",
        discussion: """
            A key is a bearer token of the API and signs in to the console. Roles: viewer looks, operator decides over \
            events and sees words in clear with a reason, admin gives access as well. With --organization a key sees that \
            one organization alone. Only a digest is kept, so a key is shown once.

            Examples:
              hookgate keys create "front desk" --role viewer --organization 6b1f0c1e-0000-4000-8000-000000000001
              hookgate keys create "ana's laptop" --user ana
              hookgate keys list
              hookgate keys revoke "front desk"
            """,
        subcommands: [Create.self, List.self, Revoke.self, Link.self]
    )

    struct Create: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, this once.",
            discussion: """
                Examples:
                  hookgate keys create monitoring --role viewer --expires 90d
                  hookgate keys create "ana's laptop" --user ana
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "What it is called, in lists and in the audit log.")
        var name: String

        @Option(help: "One of: \(AccessRole.allCases.map(\.rawValue).joined(separator: ", ")). Not with --user.")
        var role: String?

        @Option(help: "The one organization that it may see; all without it. Not with --user.")
        var organization: String?

        @Option(help: "Whose personal key it is; nobody's without it.")
        var user: String?

        @Option(help: "When it ends: 24h, 90d; never without it.")
        var expires: String?

        @Flag(name: .customLong("dry-run"), help: "Show what would be made; make nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            let now = Date()
            let lasts = try expires.map {
                try OptionReading.value("--expires", $0, "a time as 24h or 90d", DurationText.parse)
            }
            let end = lasts.map { now.addingTimeInterval(Double($0.components.seconds)) }
            let owner = try user.map { try UsersCommand.name($0) }
            let own = owner == nil ? try ownRole() : nil
            guard owner == nil || (role == nil && organization == nil) else {
                throw CommandFailure(
                    "A user's key may what the user may: leave --role and --organization out. To change the user: "
                        + "hookgate users set \(user ?? "")", status: .wrongUsage)
            }
            let printer = KeyPrinter(isJSON: global.json)
            return try await Database.use(try global.configuration()) { database in
                let draft = try await self.draft(own, owner, until: end, PostgresUsers(pool: database.pool))
                let keys = PostgresAccessKeys(pool: database.pool)
                if dryRun {
                    var isTaken = try await keys.keys().contains {
                        $0.name == name && $0.user == owner && $0.revokedAt == nil
                    }
                    if owner == nil, let other = UserName(name) {
                        let user = try await PostgresUsers(pool: database.pool).user(other, at: now)
                        isTaken = isTaken || user != nil
                    }
                    try printer.wouldCreate(draft, isTaken: isTaken)
                    return isTaken ? .attention : .done
                }
                let secret = AccessSecret.random(.key)
                guard let record = try await keys.create(draft, secret, by: CommandActor.current, at: now) else {
                    throw CommandFailure(
                        "There is a key or a user called '\(name)' already. Take another name, or revoke that key first: "
                            + "hookgate keys revoke '\(owner.map { "\($0.text)/" } ?? "")\(name)'", status: .attention)
                }
                try printer.created(record, secret)
                return .done
            }
        }

        private func ownRole() throws -> (role: AccessRole, scope: OrganizationID?) {
            guard let role else {
                throw CommandFailure("Say what the key may, by --role, or whose it is, by --user.", status: .wrongUsage)
            }
            return (
                try OptionReading.value("--role", role, "a role", AccessRole.init(rawValue:)),
                try organization.map { try OptionReading.value("--organization", $0, "a UUID", OrganizationID.init) }
            )
        }

        private func draft(
            _ own: (role: AccessRole, scope: OrganizationID?)?, _ owner: UserName?, until end: Date?,
            _ users: any UserStore
        ) async throws -> AccessKeyDraft {
            var draft = own.flatMap {
                AccessKeyDraft(name: name, role: $0.role, organization: $0.scope, expiresAt: end)
            }
            if let owner {
                let user = try await UsersCommand.user(owner, users)
                guard !user.isDisabled else { throw UsersCommand.isDisabled(user) }
                draft = AccessKeyDraft(name: name, of: user, expiresAt: end)
            }
            guard let draft else {
                throw CommandFailure(
                    "A key's name has from 1 to \(AccessKeyDraft.longestName) visible characters.", status: .wrongUsage)
            }
            return draft
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            abstract: "List the keys, without their secrets.",
            discussion: """
                Example:
                  hookgate keys list --json
                """
        )

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                try KeyPrinter(isJSON: global.json).print(try await PostgresAccessKeys(pool: database.pool).keys())
                return .done
            }
        }
    }

    struct Revoke: Verb {
        static let configuration = CommandConfiguration(
            abstract: "End a key at once, and every session that it began.",
            discussion: """
                Example:
                  hookgate keys revoke "front desk"
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "Its id, or its name; a user's as ana/laptop.")
        var key: String

        @Flag(name: .customLong("dry-run"), help: "Show what would end; end nothing.")
        var dryRun = false

        @Flag(help: "Do not ask.")
        var yes = false

        @Flag(help: "Also when nobody could get in as an admin of all organizations any more.")
        var force = false

        func perform() async throws -> ExitStatus {
            let printer = KeyPrinter(isJSON: global.json)
            let configuration = try global.configuration()
            return try await Database.use(configuration) { database in
                let keys = PostgresAccessKeys(pool: database.pool)
                func revoke(isDryRun: Bool) async throws -> AccessKeyRecord {
                    let act = UsersCommand.act(configuration, isForced: force, isDryRun: isDryRun)
                    switch try await keys.revoke(key, of: nil, act) {
                    case .done(let record, _), .unchanged(let record): return record
                    case .missing:
                        throw CommandFailure("There is no good key '\(key)'. List them: hookgate keys list")
                    case .lastWayIn: throw UsersCommand.lastWayIn
                    }
                }
                let found = try await revoke(isDryRun: true)
                if dryRun {
                    try printer.revoked(found, isDryRun: true)
                    return .done
                }
                guard yes || Confirmation.ask("Revoke '\(found.name)'? Whoever uses it is refused from now on.") else {
                    return .attention
                }
                try printer.revoked(try await revoke(isDryRun: false), isDryRun: false)
                return .done
            }
        }
    }

    struct Link: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Print an address that signs in to the console once.",
            discussion: """
                Example:
                  hookgate keys link --role viewer --base https://console.example.com
                """
        )

        @OptionGroup var global: GlobalOptions

        @Option(help: "One of: \(AccessRole.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role = AccessRole.viewer.rawValue

        @Option(help: "The one organization that it may see; all without it.")
        var organization: String?

        @Option(help: "How long it can be used: 15m, 1h.")
        var expires = "15m"

        @Option(help: "What the console's address begins with; where this machine reaches it, without it.")
        var base: String?

        func perform() async throws -> ExitStatus {
            let now = Date()
            let role = try OptionReading.value("--role", role, "a role", AccessRole.init(rawValue:))
            let scope = try organization.map {
                try OptionReading.value("--organization", $0, "a UUID", OrganizationID.init)
            }
            let lasts = try OptionReading.value("--expires", expires, "a time as 15m or 1h", DurationText.parse)
            let configuration = try global.configuration()
            let base = try ConsoleAddress.base(base, configuration)
            guard
                let draft = AccessKeyDraft(
                    name: "link by \(CommandActor.current)", role: role, organization: scope,
                    expiresAt: now.addingTimeInterval(Double(lasts.components.seconds)))
            else { throw CommandFailure("This user's and machine's names are too long for a link's.") }
            return try await Database.use(configuration) { database in
                let secret = AccessSecret.random(.link)
                guard
                    try await PostgresAccessKeys(pool: database.pool)
                        .create(draft, secret, by: CommandActor.current, at: now) != nil
                else { throw CommandFailure("The link could not be made. Try again.") }
                let address = "\(base)/login/\(secret.secretText)"
                try KeyPrinter(isJSON: global.json).link(address, draft)
                return .done
            }
        }
    }
}
