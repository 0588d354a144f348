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
              hookgate keys list
              hookgate keys revoke "front desk"
            """,
        subcommands: [Create.self, List.self, Revoke.self, Link.self]
    )

    struct Create: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, this once.",
            discussion: """
                Example:
                  hookgate keys create monitoring --role viewer --expires 90d
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "What it is called, in lists and in the audit log.")
        var name: String

        @Option(help: "One of: \(AccessRole.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role: String

        @Option(help: "The one organization that it may see; all without it.")
        var organization: String?

        @Option(help: "When it ends: 24h, 90d; never without it.")
        var expires: String?

        @Flag(name: .customLong("dry-run"), help: "Show what would be made; make nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            let now = Date()
            let role = try OptionReading.value("--role", role, "a role", AccessRole.init(rawValue:))
            let scope = try organization.map {
                try OptionReading.value("--organization", $0, "a UUID", OrganizationID.init)
            }
            let lasts = try expires.map {
                try OptionReading.value("--expires", $0, "a time as 24h or 90d", DurationText.parse)
            }
            guard
                let draft = AccessKeyDraft(
                    name: name, role: role, organization: scope,
                    expiresAt: lasts.map { now.addingTimeInterval(Double($0.components.seconds)) })
            else {
                throw CommandFailure(
                    "A key's name has from 1 to \(AccessKeyDraft.longestName) visible characters.", status: .wrongUsage)
            }
            let printer = KeyPrinter(isJSON: global.json)
            return try await Database.use(try global.configuration()) { database in
                let keys = PostgresAccessKeys(pool: database.pool)
                if dryRun {
                    let isTaken = try await keys.keys().contains { $0.name == name && $0.revokedAt == nil }
                    try printer.wouldCreate(draft, isTaken: isTaken)
                    return isTaken ? .attention : .done
                }
                let secret = AccessSecret.random(.key)
                guard let record = try await keys.create(draft, secret, by: CommandActor.current, at: now) else {
                    throw CommandFailure(
                        "There is a key called '\(name)' already. Take another name, or revoke that one first: "
                            + "hookgate keys revoke '\(name)'", status: .attention)
                }
                try printer.created(record, secret)
                return .done
            }
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

        @Argument(help: "Its name or id.")
        var key: String

        @Flag(name: .customLong("dry-run"), help: "Show what would end; end nothing.")
        var dryRun = false

        @Flag(help: "Do not ask.")
        var yes = false

        func perform() async throws -> ExitStatus {
            let printer = KeyPrinter(isJSON: global.json)
            return try await Database.use(try global.configuration()) { database in
                let keys = PostgresAccessKeys(pool: database.pool)
                let found = try await keys.keys().first {
                    $0.revokedAt == nil && ($0.name == key || $0.id.text == key.lowercased())
                }
                guard let found else {
                    throw CommandFailure("There is no good key '\(key)'. List them: hookgate keys list")
                }
                if dryRun {
                    try printer.revoked(found, isDryRun: true)
                    return .done
                }
                guard yes || Confirmation.ask("Revoke '\(found.name)'? Whoever uses it is refused from now on.") else {
                    return .attention
                }
                let revoked = try await keys.revoke(key, by: CommandActor.current, at: Date())
                try printer.revoked(revoked ?? found, isDryRun: false)
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
            let listen = configuration.consoleListen ?? configuration.listen
            let base = try base.map { try OptionReading.value("--base", $0, "a web address") { try? PublicURL($0) } }
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
                let address = "\(base?.text ?? "http://\(listen.reachableText)")/login/\(secret.secretText)"
                try KeyPrinter(isJSON: global.json).link(address, draft)
                return .done
            }
        }
    }
}
