import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

extension EventsCommand {
    struct Erase: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Erase a chat, for a patient who asks for it: words, message ids, the address itself.",
            discussion: """
                The address is matched letter by letter, as `hookgate events show` prints it; a person may have more \
                than one (…@s.whatsapp.net, …@lid). The events' rows stay, so that counts still add up; what was not \
                delivered yet is discarded. Groups in which the person wrote, backups, and what a backend was sent are \
                out of reach. What waits in a spool is not in the inbox yet: erase again when it is shipped.

                Example:
                  hookgate events erase --chat 15550101001@s.whatsapp.net --note "request of 12 March" --dry-run
                """
        )

        private struct Document: Encodable {
            let dryRun: Bool
            let fingerprint: String
            let events: Int
            let bodies: Int
            let discarded: Int
        }

        @OptionGroup var global: GlobalOptions

        @Option(help: "The chat's full address (JID).")
        var chat: String

        @Option(help: "Why; kept in the audit log, where the address is not.")
        var note: String

        @Flag(name: .customLong("dry-run"), help: "Show how much there is; change nothing.")
        var dryRun = false

        @Flag(help: "Do not ask.")
        var yes = false

        func validate() throws {
            guard note.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--note must say why.") }
            guard chat.contains("@") else {
                throw ValidationError("--chat is a full address, as 15550101001@s.whatsapp.net.")
            }
        }

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                let erasure = PostgresEventErasure(pool: database.pool)
                let fingerprint = try await erasure.fingerprint(ofChat: chat)
                let found = try await erasure.findings(chat: chat)
                guard !dryRun, found.events > 0 else {
                    try say(found, fingerprint, isDryRun: true)
                    return .done
                }
                if !global.json { StandardStream.output.line(Self.words(found)) }
                guard yes || Confirmation.ask("Erase this chat? Nothing brings it back.") else {
                    StandardStream.error.line("hookgate: nothing was changed. --yes decides without asking.")
                    return .attention
                }
                let act = QuarantineAct(actor: CommandActor.current, decidedAt: Date(), note: note)
                try say(try await erasure.erase(chat: chat, act: act), fingerprint, isDryRun: false)
                return .done
            }
        }

        private static func words(_ count: ErasureCount) -> String {
            "\(count.events) events, \(count.bodies) bodies; \(count.waiting) of the events were not delivered yet."
        }

        private func say(_ count: ErasureCount, _ fingerprint: String, isDryRun: Bool) throws {
            if global.json {
                return try JSONOutput.print(
                    Document(
                        dryRun: isDryRun, fingerprint: fingerprint, events: count.events, bodies: count.bodies,
                        discarded: count.waiting))
            }
            let output = StandardStream.output
            guard count.events > 0 else { return output.line("There is no event of this chat.") }
            output.line(isDryRun ? "Would erase: \(Self.words(count))" : "✅ Erased: \(Self.words(count))")
            if !isDryRun { output.line("   In the audit log as chat \(fingerprint).") }
        }
    }
}
