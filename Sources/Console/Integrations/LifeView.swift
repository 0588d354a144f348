import FoundationEssentials
import HookgateCore

/// What the page of one integration shows of its life beside its facts, and what can be done with it there.
struct LifeView: Sendable {
    private static let days = 14
    private static let mostEvents = 8

    let detail: IntegrationDetail
    let visit: Visit
    /// Whether an Evolution server is configured.
    let hasServers: Bool
    let traffic: [InstanceTrafficDay]
    let events: [EventSummary]

    init(_ detail: IntegrationDetail, _ visit: Visit, hasServers: Bool) async throws {
        self.detail = detail
        self.visit = visit
        self.hasServers = hasServers
        guard let name = detail.integration.instanceName else {
            (self.traffic, self.events) = ([], [])
            return
        }
        self.traffic = try await visit.parts.fleet.traffic(of: name, days: Self.days, until: visit.now)
        var filter = EventFilter()
        filter.organization = visit.scope
        filter.instance = name
        filter.limit = Self.mostEvents
        self.events = try await visit.parts.events.list(filter).events
    }

    private var integration: IntegrationSummary { self.detail.integration }
    private var path: String { "/integrations/\(self.integration.id.text)" }
    private var isOperator: Bool { self.visit.visitor.role >= .operator }

    /// What was done last, what is half done with how it goes on, and what else needs a person.
    var notices: HTML {
        """
        \(DoneNotice.html(self.visit.request))
        \(self.integration.underWay.html { self.halfDone($0) })
        \(self.visit.scope == nil && !self.detail.sharingNumber.isEmpty ? self.sharers : HTML.nothing)
        """
    }

    private func halfDone(_ kind: LifeKind) -> HTML {
        switch kind {
        case .create:
            """
            \(Notice.html("It is being made. What is half done goes on by itself, or at once when the same is asked for again."))
            \(self.isOperator ? "<p><a class=\"button\" href=\"\(self.sameAgain)\">Ask for the same again</a></p>" : HTML.nothing)
            """
        case .delete:
            """
            \(Notice.html(
                "It is being deleted, and its server has not confirmed that yet. It is tried again by itself, or at once here."))
            \(self.isOperator ? Form.post(
                self.visit, to: "\(self.path)/delete",
                """
                \(Form.hidden("confirmed", "yes"))\(Form.hidden("name", self.integration.nameToType))\
                <p class="buttons">\(Form.button("Try again now", .bad))</p>
                """) : HTML.nothing)
            """
        }
    }

    /// The form of its creation, filled in.
    private var sameAgain: String {
        var fields = [("clinic_id", self.integration.clinicID?.text), ("server", self.integration.server)]
        if let clinic = self.integration.clinicID, let base = InstanceNaming.name(clinic: clinic, label: nil),
            let name = self.integration.instanceName?.text, name.hasPrefix("\(base.text)-")
        {
            fields.append(("label", String(name.dropFirst(base.text.count + 1))))
        }
        let query = fields.compactMap { name, value in value.map { "\(name)=\(PercentText.encoded($0))" } }
        return "/integrations/new?\(query.joined(separator: "&"))"
    }

    private var sharers: HTML {
        Notice.html(
            """
            The same number is logged in elsewhere, and WhatsApp lets one of two go, again and again: \
            \(self.detail.sharingNumber.html { "<code>\($0.instance.text)</code> on \($0.server) " })Keep one.
            """, .bad)
    }

    var days: HTML {
        Card.html("Webhooks by day", aside: DayBars.legend(self.traffic), DayBars.html(self.traffic))
    }

    var latestEvents: HTML {
        guard self.integration.instanceName != nil else { return .nothing }
        return Card.html(
            "Latest events",
            self.events.isEmpty
                ? EmptyState.html("No event of it is stored.") : EventPages.table(self.events, self.visit))
    }

    /// The masked URL with a button that copies what is to be seen; the whole one for whoever says why.
    static func url(_ masked: String) -> HTML {
        "<code class=\"wrap\">\(masked)</code> <button type=\"button\" class=\"small\" data-copy=\"\(masked)\">Copy</button>"
    }

    var acts: HTML {
        guard self.isOperator else { return .nothing }
        let isEnabled = self.integration.isEnabled
        return """
            <div class="columns">
            \(Card.html(
                "Act",
                """
                <div class="acts">\(self.connect)
                \(Form.post(
                    self.visit, to: "\(self.path)/\(isEnabled ? "disable" : "enable")",
                    Form.button(isEnabled ? "Disable…" : "Enable…")))
                \(Form.post(self.visit, to: "\(self.path)/delete", Form.button("Delete…", .bad)))</div>
                """))
            \(self.detail.maskedWebhookURL == nil ? HTML.nothing : Card.html("Whole webhook URL", self.reveal))
            </div>
            """
    }

    private var connect: HTML {
        guard self.hasServers, self.integration.instanceName != nil, self.integration.underWay != .delete else {
            return .nothing
        }
        let word = self.integration.phoneNumber == nil ? "Connect…" : "Reconnect…"
        return "<a class=\"button\" href=\"\(self.path)/connect\">\(word)</a>"
    }

    private var reveal: HTML {
        Form.post(
            self.visit, to: "\(self.path)/webhook-url",
            """
            \(Form.text("reason", "Why the whole URL must be seen", hint: "for the audit log", isRequired: true))
            <p class="buttons">\(Form.button("Show the whole URL", .bad))</p>
            """)
    }
}

/// One instance's webhooks by day, both routes one above the other.
enum DayBars {
    private static let step = 10
    private static let height = 48

    static func legend(_ days: [InstanceTrafficDay]) -> HTML {
        """
        <ul class="legend"><li class="token">token <b>\(Count.text(days.reduce(0) { $0 + $1.token }))</b></li>\
        <li class="legacy">legacy <b>\(Count.text(days.reduce(0) { $0 + $1.instance }))</b></li></ul>
        """
    }

    static func html(_ days: [InstanceTrafficDay]) -> HTML {
        let top = max(1, days.map { $0.token + $0.instance }.max() ?? 0)
        let (token, legacy) = (days.reduce(0) { $0 + $1.token }, days.reduce(0) { $0 + $1.instance })
        return """
            <svg class="bars" viewBox="0 0 \(days.count * self.step) \(self.height)" preserveAspectRatio="none" role="img" \
            aria-label="In the last \(days.count) days \(token) webhooks came on the token URL and \(legacy) on the legacy URL.">
            \(days.enumerated().html { index, day in
                let (low, high) = (self.length(day.instance, of: top), self.length(day.token, of: top))
                return """
                    <rect class="legacy" x="\(index * self.step + 1)" y="\(self.height - low)" width="8" height="\(low)"/>\
                    <rect class="token" x="\(index * self.step + 1)" y="\(self.height - low - high)" width="8" height="\(high)"/>
                    """ })
            </svg>
            """
    }

    /// What there was at all is to be seen.
    private static func length(_ count: Int, of top: Int) -> Int {
        count == 0 ? 0 : max(1, (self.height - 2) * count / top)
    }
}
