import HookgateCore
import Synchronization

/// Prints what `webhooks status` finds: a line for each name, then the counts.
final class WebhookStatusPrinter: Sendable {
    private struct Document: Encodable {
        struct Server: Encodable {
            let name: String
            let failure: String
        }

        struct Webhook: Encodable {
            let instanceName: String
            let title: String?
            let legacyRows: Int
            let integrations: Int
            let server: String?
            let connection: String?
            let finding: String
            let meaning: String
            let remedy: String?
            let switchOver: String?
        }

        let webhooks: [Webhook]
        let unreachableServers: [Server]
    }

    private let isJSON: Bool
    private let standings = Mutex<[WebhookStanding]>([])

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    func add(_ standing: WebhookStanding) {
        standings.withLock { $0.append(standing) }
        guard !isJSON else { return }
        let output = StandardStream.output
        let mark = standing.finding.isWell ? "✅" : "⚠️"
        let title = standing.title.map { $0 == standing.instance.text ? "" : " (\($0.printable))" } ?? ""
        output.line("\(mark) \(standing.instance)\(title): \(standing.finding.meaning)\(Self.details(standing))")
        if let remedy = standing.finding.remedy(for: standing.instance) { output.line("   → \(remedy)") }
    }

    func finish(_ failures: [(server: String, failure: EvolutionFailure)]) throws -> ExitStatus {
        let all = standings.withLock { $0 }
        if isJSON {
            try JSONOutput.print(
                Document(
                    webhooks: all.map(Self.document),
                    unreachableServers: failures.map { Document.Server(name: $0.server, failure: "\($0.failure)") }))
        } else {
            for failure in failures {
                StandardStream.output.line("❌ Evolution server \(failure.server.printable): \(failure.failure)")
            }
            let well = all.count { $0.finding.isWell }
            StandardStream.output.line("\(well) of \(all.count) instances post to their token URL.")
        }
        return failures.isEmpty && all.allSatisfy(\.finding.isWell) ? .done : .attention
    }

    private static func details(_ standing: WebhookStanding) -> String {
        var words: [String] = []
        if let server = standing.server, server != Configuration.EvolutionServer.defaultName {
            words.append("server \(server.printable)")
        }
        if let connection = standing.connection { words.append("WhatsApp \(connection)") }
        if let state = standing.switchOver { words.append("switch-over \(state.rawValue)") }
        return words.isEmpty ? "" : " [\(words.joined(separator: ", "))]"
    }

    private static func document(_ standing: WebhookStanding) -> Document.Webhook {
        Document.Webhook(
            instanceName: standing.instance.text, title: standing.title, legacyRows: standing.legacyRows,
            integrations: standing.integrations, server: standing.server,
            connection: standing.connection.map { "\($0)" }, finding: standing.finding.word,
            meaning: standing.finding.meaning, remedy: standing.finding.remedy(for: standing.instance),
            switchOver: standing.switchOver?.rawValue)
    }
}
