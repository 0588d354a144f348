import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

extension EventsCommand {
    struct ForgetKey: Verb {
        static let configuration = CommandConfiguration(
            commandName: "forget-key",
            abstract: "Remove an organization's key: nobody reads the bodies any more that it sealed.",
            discussion: """
                For an organization that leaves. It takes effect in every gateway at once, cannot be undone, and \
                discards what was not delivered yet. Bodies in clear, from before encryption was switched on, are \
                removed. Asks for the organization's id once more; --confirm gives it in a script. A backup of the \
                database still holds the key, wrapped by the master key.

                Example:
                  hookgate events forget-key a0000000-0000-4000-8000-000000000001 --note "contract ended" --dry-run
                """
        )

        private struct Document: Encodable {
            let dryRun: Bool
            let organizationID: String
            let keys: Int
            let discarded: Int
            let clearBodiesRemoved: Int
        }

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The organization's id.")
        var organization: String

        @Option(help: "Why; kept in the audit log.")
        var note: String

        @Option(help: ArgumentHelp("The same id once more, instead of being asked for it.", valueName: "organization"))
        var confirm: String?

        @Flag(name: .customLong("dry-run"), help: "Show what would go; change nothing.")
        var dryRun = false

        func validate() throws {
            guard note.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--note must say why.") }
        }

        func perform() async throws -> ExitStatus {
            let id = try OptionReading.value("Organization", organization, "a UUID", OrganizationID.init)
            let configuration = try global.configuration()
            return try await Database.use(configuration) { database in
                let keys = PostgresBodyKeys(pool: database.pool, masterKeys: configuration.bodyMasterKeys)
                let found = try await keys.findings(id)
                guard !dryRun, found != KeyFindings() else {
                    try say(found, id, isDryRun: true)
                    return .done
                }
                if !global.json { StandardStream.output.line("\(id): \(Self.words(found))") }
                guard confirmed(id) else {
                    StandardStream.error.line("hookgate: nothing was changed. --confirm \(id) decides without asking.")
                    return .attention
                }
                let act = QuarantineAct(actor: CommandActor.current, decidedAt: Date(), note: note)
                try say(try await keys.forget(id, act: act), id, isDryRun: false)
                return .done
            }
        }

        private func confirmed(_ id: OrganizationID) -> Bool {
            guard let confirm else { return Confirmation.typed(id.text, "Nothing brings this back.") }
            return confirm.lowercased() == id.text
        }

        private static func words(_ found: KeyFindings) -> String {
            "\(found.keys) keys, \(found.waiting) events that were not delivered yet, "
                + "\(found.clearBodies) bodies in clear."
        }

        private func say(_ found: KeyFindings, _ id: OrganizationID, isDryRun: Bool) throws {
            if global.json {
                return try JSONOutput.print(
                    Document(
                        dryRun: isDryRun, organizationID: id.text, keys: found.keys, discarded: found.waiting,
                        clearBodiesRemoved: found.clearBodies))
            }
            let output = StandardStream.output
            guard found != KeyFindings() else { return output.line("There is nothing of organization \(id).") }
            output.line("\(isDryRun ? "Would remove" : "✅ Removed"): \(Self.words(found))")
        }
    }

    struct RewrapKeys: Verb {
        static let configuration = CommandConfiguration(
            commandName: "rewrap-keys", abstract: "Wrap every organization's key with the master key of today.",
            discussion: """
                To change the master key: set the new one as HOOKGATE_BODY_ENCRYPTION_KEY and the old one as \
                HOOKGATE_BODY_ENCRYPTION_OLD_KEYS for every gateway, run this, then take the old one away. Bodies are \
                not touched: they are sealed with the organizations' keys. Exit code 3 when keys are left that neither \
                of these opens.

                Example:
                  hookgate events rewrap-keys
                """
        )

        private struct Document: Encodable {
            let rewrapped: Int
            let current: Int
            let unopened: Int
        }

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            guard configuration.bodyMasterKeys != nil else {
                throw CommandFailure("\(BodyKeysMissing())", status: .wrongUsage)
            }
            return try await Database.use(configuration) { database in
                let act = QuarantineAct(actor: CommandActor.current, decidedAt: Date(), note: nil)
                let count = try await PostgresBodyKeys(
                    pool: database.pool, masterKeys: configuration.bodyMasterKeys
                ).rewrap(act: act)
                if global.json {
                    try JSONOutput.print(
                        Document(rewrapped: count.rewrapped, current: count.current, unopened: count.unopened))
                } else {
                    StandardStream.output.line(
                        "✅ \(count.rewrapped) keys wrapped anew, \(count.current) were so already.")
                    if count.unopened > 0 {
                        StandardStream.output.line(
                            "⚠️ \(count.unopened) keys are wrapped by a master key that is not configured here.")
                    }
                }
                return count.unopened > 0 ? .attention : .done
            }
        }
    }
}
