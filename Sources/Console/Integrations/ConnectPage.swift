import FoundationEssentials
import HookgateCore

/// Pairs a telephone with an instance: the code, which renews itself while the page is open, until it is connected. The
/// instance is never made anew for a code.
enum ConnectPage {
    /// So long a page asks by itself: nobody leaves the room with a code on the screen for good.
    private static let asksFor: TimeInterval = 600
    /// Without JavaScript the page is loaded again after so many seconds.
    private static let reloadSeconds = 15

    static func routes(_ desk: LifeDesk, _ live: LiveStream) -> [Route] {
        [
            // Whoever has a code can take over the number.
            Route(.get, "/integrations/{id}/connect", .needs(.operator, .organization), page: "Connect") { visit in
                let (integration, asked) = try await subject(visit, desk)
                let look = try await desk.pairing.look(at: integration.id, number: asked?.number)
                return .html(page(integration, asked, look, visit))
            },
            // The number comes in the body, and the address of the page that follows has a word for it: addresses end in
            // the logs of proxies and the histories of browsers.
            Route(.post, "/integrations/{id}/connect", .needs(.operator, .organization), page: "Connect") { visit in
                let (integration, _) = try await subject(visit, desk)
                guard let number = try PairingNumber.read(visit.form()["number"]) else {
                    return .seeOther(path(integration))
                }
                return .seeOther(path(integration, await desk.pairing.keep(number, of: integration.id)))
            },
            Route(.get, "/live/integrations/{id}/connect", .needs(.operator, .organization), page: "Connect") { visit in
                let (integration, asked) = try await subject(visit, desk)
                let latest = visit.now.addingTimeInterval(asksFor)
                let wanted = visit.request.query["until"].flatMap { Int($0) } ?? 0
                let end = min(Date(timeIntervalSince1970: TimeInterval(wanted)), latest)
                return try live.reply("pairing", visit) {
                    guard visit.now < end else { return rested(integration, asked) }
                    return part(try await desk.pairing.look(at: integration.id, number: asked?.number), integration)
                }
            },
        ]
    }

    private static func subject(
        _ visit: Visit, _ desk: LifeDesk
    ) async throws -> (integration: IntegrationSummary, asked: AskedNumber?) {
        let integration = try await desk.integration(visit)
        try desk.checkServers()
        if integration.underWay == .delete { throw ConsoleError.conflict("This integration is being deleted.") }
        guard let word = visit.request.query["for"] else { return (integration, nil) }
        return (integration, await desk.pairing.typed(word, of: integration.id))
    }

    private static func path(_ integration: IntegrationSummary, _ asked: AskedNumber? = nil) -> String {
        "/integrations/\(integration.id.text)/connect\(asked.map { "?for=\($0.word)" } ?? "")"
    }

    private static func page(
        _ integration: IntegrationSummary, _ asked: AskedNumber?, _ look: PairingLook, _ visit: Visit
    ) -> HTML {
        let until = Int(visit.now.addingTimeInterval(asksFor).timeIntervalSince1970)
        let query = asked.map { "&for=\($0.word)" } ?? ""
        return Layout("Connect \(integration.title)", section: "integrations", visit: visit).page(
            """
            \(PageTitle.html(
                "Connect \(integration.title)", "<code>\(integration.instanceName?.text ?? "")</code>",
                actions: "<a class=\"button\" href=\"/integrations/\(integration.id.text)\">The integration</a>"))
            <div class="columns">
            \(Card.html(
                "Code",
                """
                <div id="pairing" data-live="/live/integrations/\(integration.id.text)/connect?until=\(until)\(query)" \
                data-now="\(Int(visit.now.timeIntervalSince1970))">
                \(part(look, integration))
                </div>
                """))
            \(Card.html("On the telephone", instructions(integration, asked, visit)))
            </div>
            """,
            head: "<noscript><meta http-equiv=\"refresh\" content=\"\(reloadSeconds)\"></noscript>")
    }

    private static func instructions(
        _ integration: IntegrationSummary, _ asked: AskedNumber?, _ visit: Visit
    ) -> HTML {
        """
        <ol class="steps"><li>Open WhatsApp, then <strong>Linked devices</strong>.</li>
        <li>Choose <strong>Link a device</strong>.</li>
        <li>Scan the code that stands here. A code lasts less than a minute; the next one follows by itself.</li></ol>
        <p class="note">Whoever has a code can take over the number: show it to nobody else.</p>
        \(Form.post(
            visit, to: path(integration),
            """
            \(Form.text(
                "number", "No camera? The telephone's number, with the country's, for a code to type",
                value: asked?.number, hint: "5511987654321"))
            <p class="buttons">\(Form.button("Show a code to type")) \
            <a class="button quiet" href="\(path(integration))">Load again</a></p>
            """))
        """
    }

    /// What renews itself.
    private static func part(_ look: PairingLook, _ integration: IntegrationSummary) -> HTML {
        switch look {
        case .waiting: Notice.html("The server has no code yet; it is asked again.")
        case .failed(let error): Notice.html("\(error.detail) It is asked again.", .bad)
        case .connected(let phone):
            """
            \(Notice.html(
                "<strong>Connected</strong>\(phone.html { " as \(MaskedNumber.text($0.text))" }). Nothing is left to do here.",
                .good))
            <p><a class="button" href="/integrations/\(integration.id.text)">To the integration</a></p>
            """
        case .code(let pairing, let until):
            """
            \(picture(pairing))
            \(pairing.pairingCode.html { code in
                "<p>Or type this code there: <code class=\"pairing-code\">\(code)</code></p>" })
            <p class="note">The next code comes by itself<span data-ends="\(Int(until.timeIntervalSince1970))"></span>.</p>
            """
        }
    }

    private static func picture(_ pairing: EvolutionPairing) -> HTML {
        let meaning = "QR code to scan with WhatsApp"
        if let symbol = pairing.qrText.flatMap({ QRSymbol($0) }) { return QRPicture.html(symbol, meaning) }
        guard let image = pairing.qrImage, image.hasPrefix("data:image/png;base64,") else { return .nothing }
        return "<img class=\"qr\" src=\"\(image)\" alt=\"\(meaning)\">"
    }

    private static func rested(_ integration: IntegrationSummary, _ asked: AskedNumber?) -> HTML {
        """
        \(Notice.html("This page has been open for long, and asks no more."))
        <p><a class="button" href="\(path(integration, asked))">Ask again</a></p>
        """
    }
}

/// The number that a pairing code is asked for.
enum PairingNumber {
    static func read(_ text: String?) throws(ConsoleError) -> String? {
        guard let text else { return nil }
        guard (7...15).contains(text.utf8.count), text.allSatisfy({ ("0"..."9").contains($0) }) else {
            throw .badRequest(
                "number is not a telephone number with the country's: digits alone, as 5511987654321.")
        }
        return text
    }
}
