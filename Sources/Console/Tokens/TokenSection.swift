import FoundationEssentials
import HookgateCore

/// What an integration's page shows of its tokens, and what may be done with them.
enum TokenSection {
    /// Tokens that are listed; of those before nothing works any more.
    static let mostListed = 20

    static func html(_ visit: Visit, _ id: IntegrationID, _ desk: WorkDesk) async throws -> HTML {
        guard let parts = visit.parts.tokens,
            let holding = try await parts.ledger(visit.actor).holdings(of: id).first,
            let record = try await parts.catalog.integration(id)
        else { return .nothing }
        let destination = try await visit.parts.delivery == nil ? nil : DestinationDeeds.effective(visit, record)
        return """
            \(done(visit))
            <div id="rotation" data-live="/live/integrations/\(id.text)/rotation">\(progress(desk, id, visit))</div>
            <div class="columns">
            \(Card.html("Tokens", tokens(holding, visit)))
            \(visit.visitor.role < .operator ? HTML.nothing : Card.html("Test", test(holding, visit)))
            \(visit.visitor.role < .operator ? HTML.nothing : Card.html("Rotate", rotate(holding, visit)))
            </div>
            <p class="buttons"><a class="button" href="/integrations/\(id.text)/second-factor">Second factor</a> \
            \(visit.parts.delivery == nil ? HTML.nothing : to(destination, id, visit))</p>
            """
    }

    /// Where its events go. Everybody's destination is not for whoever sees one organization.
    private static func to(_ destination: DestinationScope?, _ id: IntegrationID, _ visit: Visit) -> HTML {
        let own = DestinationScope.integration(id)
        let there: HTML =
            switch destination {
            case .some(.default) where visit.scope != nil: "<span>Its events go to everybody's destination.</span>"
            case .some(let scope): "<a class=\"button\" href=\"/destinations/\(scope.text)\">Where its events go</a>"
            case .none: "<span>Its events have no destination, and wait.</span>"
            }
        guard visit.visitor.role >= .admin, destination != own else { return there }
        return "\(there) <a class=\"button quiet\" href=\"/destinations/\(own.text)\">Set one of its own…</a>"
    }

    private static func done(_ visit: Visit) -> HTML {
        guard visit.request.query["tokens"] == "revoked" else { return .nothing }
        return Notice.html(
            """
            Revoked. Gateways refuse the token within two seconds. Where the current one was replaced, set the new URL at \
            Evolution now.
            """, .good)
    }

    /// The latest rotation, if it is this integration's.
    static func progress(_ desk: WorkDesk, _ id: IntegrationID, _ visit: Visit) -> HTML {
        guard let standing = TokenDeeds.rotation(visit, desk, of: id) else { return .nothing }
        let report = standing.report
        let stop: HTML =
            standing.isRunning && visit.visitor.role >= .operator
            ? Form.post(visit, to: "/integrations/\(id.text)/rotation/stop", Form.button("Stop", .bad)) : .nothing
        return WorkNotice.html(report.name, standing, "\(report.progress)", now: visit.now) + stop
    }

    private static func tokens(_ holding: TokenHolding, _ visit: Visit) -> HTML {
        let listed = TokenListing(holding, at: visit.now).entries
        let path = "/integrations/\(holding.integrationID.text)/revoke"
        let mayRevoke = visit.visitor.role >= .operator
        return """
            \(DataTable.html(
                "Tokens", [.init("Fingerprint"), .init("Standing"), .init("Passes until"), .init("Act")],
                rows: listed.prefix(mostListed).map { entry in
                    [
                        "<code>\(entry.fingerprint)</code>", Badge.html(entry.word, entry.tone),
                        entry.end.html { Moment.exact($0) },
                        mayRevoke && entry.isInForce ? Form.post(
                            visit, to: path,
                            "\(Form.hidden("fingerprint", entry.fingerprint))\(Form.button("Revoke…", .bad))") : HTML.nothing,
                    ]
                }, empty: EmptyState.html("It has no token.")))
            \(mayRevoke && !listed.isEmpty ? Form.post(
                visit, to: path, "<p class=\"buttons\">\(Form.button("Revoke all…", .bad))</p>") : HTML.nothing)
            """
    }

    private static func test(_ holding: TokenHolding, _ visit: Visit) -> HTML {
        Form.post(
            visit, to: "/integrations/\(holding.integrationID.text)/test",
            """
            <p class="note">Posts a signed probe to the token URL, as Evolution reaches it, and follows it into the inbox. \
            It is no traffic and confirms no switch-over.</p>
            \(Form.check("deliver", "Deliver it to its destination as well"))
            <p class="buttons">\(Form.button("Test"))</p>
            """)
    }

    private static func rotate(_ holding: TokenHolding, _ visit: Visit) -> HTML {
        let switchOver = visit.parts.switchOver
        let wait: HTML =
            switchOver == nil ? .nothing : Form.text("wait_minutes", "Minutes to wait for its first event", value: "5")
        let rehearsal: HTML =
            switchOver?.allowsRehearsal == true
            ? Form.check("rehearsal", "Rehearsal: allow a public URL on this machine") : .nothing
        return Form.post(
            visit, to: "/integrations/\(holding.integrationID.text)/rotate",
            """
            <p class="note">\(switchOver == nil
                ? "A new token on our side. No Evolution server is configured: a person sets its URL there."
                : "A new token, proven, set at Evolution, read back, and confirmed by the first event.")</p>
            \(Form.text("grace_hours", "Hours that the token before goes on", value: "24"))
            \(wait)\(rehearsal)\(Form.hidden("expected", holding.currentWord))
            <p class="buttons"><button name="dry_run" value="yes">Dry run</button> \(Form.button("Rotate…", .good))</p>
            """)
    }
}

/// The tokens of one integration as people are shown them: newest first, by their fingerprints.
struct TokenListing {
    struct Entry {
        let fingerprint: String
        let standing: TokenStanding
        /// Whether a webhook with it passes.
        let isInForce: Bool
        /// A current token that the ledger holds to be several integrations', so nobody's.
        var isShared = false

        var end: Date? { if case .grace(let end) = self.standing { end } else { nil } }

        /// One word for machines.
        var word: String {
            switch self.standing {
            case .current: self.isShared ? "shared" : "current"
            case .grace: self.isInForce ? "grace" : "ended"
            case .revoked: "revoked"
            }
        }

        var tone: Tone {
            if self.isShared { return .bad }
            return self.standing == .current ? .good : self.isInForce ? .notice : .plain
        }
    }

    let entries: [Entry]

    init(_ holding: TokenHolding, at now: Date) {
        var entries = holding.tokens.reversed().map { held in
            let isInForce =
                switch held.standing {
                case .current: true
                case .grace(let end): now < end
                case .revoked: false
                }
            return Entry(fingerprint: held.digest.fingerprint, standing: held.standing, isInForce: isInForce)
        }
        if let current = holding.current, !holding.tokens.contains(where: { $0.digest == current }) {
            entries.insert(
                Entry(fingerprint: current.fingerprint, standing: .current, isInForce: false, isShared: true), at: 0)
        }
        self.entries = entries
    }
}
