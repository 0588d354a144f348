import FoundationEssentials
import HookgateCore

/// What page and API do alike with one integration's tokens. Each finds the integration first, held against whom the
/// visitor may see, and goes by its id: never by a name, which another may have too.
enum TokenDeeds {
    static let missing = ConsoleError.notFound("There is no integration of that id.")
    static let changed = ConsoleError.conflict(
        "Somebody else has changed this token meanwhile. Nothing was written; look again.")

    static func parts(_ visit: Visit) throws(ConsoleError) -> TokenParts {
        guard let parts = visit.parts.tokens else { throw .nothingHere }
        return parts
    }

    /// One that this visitor may see.
    static func record(_ visit: Visit) async throws -> IntegrationRecord {
        let id: IntegrationID = try visit.identifier("id", of: "integration")
        guard let record = try await Self.parts(visit).catalog.integration(id), visit.sees(record.organizationID)
        else { throw Self.missing }
        return record
    }

    static func holding(_ visit: Visit, _ id: IntegrationID) async throws -> TokenHolding {
        guard let holding = try await Self.parts(visit).ledger(visit.actor).holdings(of: id).first else {
            throw Self.missing
        }
        return holding
    }

    static func test(_ visit: Visit, _ gate: ProbeGate, delivers: Bool) async throws -> ProbeReport {
        struct Detail: Encodable { let isDelivered: Bool }
        let record = try await Self.record(visit)
        guard record.tokenText.flatMap({ WebhookToken($0) }) != nil else {
            throw ConsoleError.unprocessable("It has no valid token, so there is no URL to test. Rotate it first.")
        }
        let probe = try Self.parts(visit).probe
        return try await gate.pass(visit.scope) {
            try await visit.note("integrations.test", record.id.text, Detail(isDelivered: delivers))
            // To its end, whoever looks: a probe that is left would be delivered among real events.
            return try await Task { try await probe.test(record.id, delivers: delivers) }.value
        }
    }

    static func rotate(_ visit: Visit, _ desk: WorkDesk, _ request: RotationRequest) async throws {
        let record = try await Self.record(visit)
        let holding = try await Self.holding(visit, record.id)
        guard request.expected == nil || request.expected == holding.currentWord else { throw Self.changed }
        let report = RotationReport(
            integration: record.id, title: holding.title, isDryRun: request.isDryRun,
            isAtEvolution: visit.parts.switchOver != nil, grace: request.grace,
            before: holding.current?.fingerprint)
        try Self.checkIdle(visit, desk, record.id)
        if report.isAtEvolution {
            try await Self.rotateAtEvolution(visit, desk, request, report, record)
        } else {
            try Self.rotateHere(visit, desk, report, holding)
        }
    }

    /// Made, set, read back, and confirmed by the first event; begun again it goes on with the token that it made.
    private static func rotateAtEvolution(
        _ visit: Visit, _ desk: WorkDesk, _ request: RotationRequest, _ report: RotationReport,
        _ record: IntegrationRecord
    ) async throws {
        struct Detail: Encodable {
            let run: String
            let isDryRun: Bool
        }
        let useCases = try SwitchOverDeeds.parts(visit).useCases(visit.actor)
        var targets: [SwitchOverTarget] = []
        if let name = record.instanceName { targets = try await useCases.targets([name]) }
        guard let target = targets.first, target.integrationID == record.id else {
            throw ConsoleError.unprocessable(
                "Evolution knows instances by name: no single integration with a valid token has this one's.")
        }
        guard request.expected == nil || request.expected == target.token.digest.fingerprint else { throw Self.changed }
        try SwitchOverDeeds.checkURL(visit, isRehearsal: request.isRehearsal, targets)
        let run = RunID(UUID())
        var options = SwitchOverOptions()
        options.isDryRun = request.isDryRun
        options.eventWait =
            visit.scope == nil ? request.eventWait : min(request.eventWait, RotationRequest.longestWaitOfOne)
        options.rotationGrace = request.grace
        let chosen = options
        try await visit.note(
            "webhooks.rotate", record.id.text, Detail(run: run.text, isDryRun: request.isDryRun))
        try Self.begin(visit, desk, report) { update in
            let results = try await useCases.switchOver([target], run: run, options: chosen) { event in
                update { $0.take(event) }
            }
            if let result = results.first { update { $0.outcome = result.outcome } }
        }
    }

    /// On our side alone. The ledger writes it down itself.
    private static func rotateHere(
        _ visit: Visit, _ desk: WorkDesk, _ report: RotationReport, _ holding: TokenHolding
    ) throws {
        let parts = try Self.parts(visit)
        let (ledger, now) = (parts.ledger(visit.actor), visit.now)
        let plan = TokenPlan.rotation(of: holding, grace: report.grace, at: now, random: Self.random())
        try Self.begin(visit, desk, report) { _ in
            guard !report.isDryRun else { return }
            guard try await ledger.write(plan.change, base: parts.statedURL, at: now) else { throw Self.changed }
        }
    }

    /// Whoever sees one organization is not told who is at another's.
    private static func underWay(_ visit: Visit, _ desk: WorkDesk, _ id: IntegrationID) -> ConsoleError {
        if let standing = Self.rotation(visit, desk, of: id) { return .underWay(standing.actor) }
        guard visit.scope == nil, let standing = desk.rotation.standing else {
            return .conflict("Another integration's token is being rotated. Try again when that is over.")
        }
        return .conflict(
            "The token of \(standing.report.title) is being rotated, begun by \(standing.actor). Wait for it, or stop it "
                + "on the page of that integration.")
    }

    private static func checkIdle(_ visit: Visit, _ desk: WorkDesk, _ id: IntegrationID) throws(ConsoleError) {
        if desk.rotation.standing?.isRunning == true { throw Self.underWay(visit, desk, id) }
    }

    private static func begin(
        _ visit: Visit, _ desk: WorkDesk, _ report: RotationReport,
        work: @escaping @Sendable (_ update: @escaping LongWork<RotationReport>.Update) async throws -> Void
    ) throws(ConsoleError) {
        do throws(ConsoleError) {
            try desk.rotation.begin(report, visit, work: work)
        } catch {
            throw Self.underWay(visit, desk, report.integration)
        }
    }

    /// The rotation of this integration, if it is the latest that was begun, by whom as this visitor is told.
    static func rotation(
        _ visit: Visit, _ desk: WorkDesk, of id: IntegrationID
    ) -> LongWork<RotationReport>.Standing? {
        guard var standing = desk.rotation.standing, standing.report.integration == id else { return nil }
        standing.actor = visit.shown(standing.actor)
        return standing
    }

    static func stopRotation(_ visit: Visit, _ desk: WorkDesk) async throws -> IntegrationID {
        let id = try await Self.record(visit).id
        // Not what has been begun of another integration since.
        desk.rotation.stop { $0.integration == id }
        return id
    }

    /// What would end at once.
    /// - Parameter fingerprint: of one of its tokens; nil for all.
    static func revocation(_ visit: Visit, _ fingerprint: String?) async throws -> (IntegrationRecord, TokenPlan) {
        let record = try await Self.record(visit)
        let holding = try await Self.holding(visit, record.id)
        var only: TokenHolding.Held?
        if let fingerprint {
            let matches = holding.tokens.filter { $0.digest.fingerprint == fingerprint }
            guard let match = matches.first, matches.count == 1 else {
                throw ConsoleError.unprocessable("It has no single token of that fingerprint.")
            }
            guard match.standing != .revoked else {
                throw ConsoleError.unprocessable("That token is revoked already.")
            }
            only = match
        }
        return (record, .revocation(of: holding, only: only, at: visit.now, random: Self.random()))
    }

    /// - Parameters:
    ///   - expected: as in ``RotationRequest/expected``.
    ///   - typed: what somebody typed to confirm it.
    static func revoke(_ visit: Visit, _ fingerprint: String?, expected: String?, typed: String?) async throws
        -> TokenPlan
    {
        let (record, plan) = try await Self.revocation(visit, fingerprint)
        try CleanupDeeds.checkTyped(typed, Self.word(record))
        guard expected == nil || expected == plan.holding.currentWord else { throw Self.changed }
        let parts = try Self.parts(visit)
        guard try await parts.ledger(visit.actor).write(plan.change, base: parts.statedURL, at: visit.now) else {
            throw Self.changed
        }
        return plan
    }

    /// What somebody types before tokens end.
    static func word(_ record: IntegrationRecord) -> String { record.instanceName?.text ?? record.id.text }

    private static func random() -> [UInt8] { SystemRandom.bytes(WebhookToken.randomByteCount) }
}

extension TokenHolding {
    /// What stands for having no current token, where somebody says which one was looked at.
    static let noToken = "none"

    /// What names the current token to whoever decides over it.
    var currentWord: String { self.current?.fingerprint ?? Self.noToken }
}

extension Visit {
    /// Who did something, as this visitor is told. Whoever sees one organization is told no name but their own: another may
    /// be that of a key that sees all of them.
    func shown(_ actor: String) -> String {
        self.scope == nil || actor.hasPrefix("\(self.visitor.name) (") ? actor : "an operator"
    }
}
