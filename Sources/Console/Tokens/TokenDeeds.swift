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
        try await Self.checkIdle(visit, desk, record.id)
        guard report.isAtEvolution else {
            return try await Self.begin(visit, desk, RotationJob(beginning: report, atEvolution: nil), noting: nil)
        }
        try await Self.rotateAtEvolution(visit, desk, request, report, record)
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
        let target = try await RotationJob.target(
            record.instanceName, record.id, isRehearsal: request.isRehearsal, visit.parts,
            try SwitchOverDeeds.parts(visit).useCases(visit.actor))
        guard request.expected == nil || request.expected == target.token.digest.fingerprint else { throw Self.changed }
        let wait = visit.scope == nil ? request.eventWait : min(request.eventWait, RotationRequest.longestWaitOfOne)
        let there = RotationJob.AtEvolution(
            instance: target.instance, run: RunID(UUID()), eventWait: wait, isRehearsal: request.isRehearsal)
        let entry = try visit.entry(
            "webhooks.rotate", record.id.text, Detail(run: there.run.text, isDryRun: request.isDryRun))
        try await Self.begin(visit, desk, RotationJob(beginning: report, atEvolution: there), noting: entry)
    }

    /// Whoever sees one organization is not told who is at another's.
    private static func isElsewhere(_ visit: Visit, _ desk: WorkDesk) async throws -> ConsoleError {
        guard visit.scope == nil, let standing = try await desk.rotation.standing() else {
            return .conflict("Another integration's token is being rotated. Try again when that is over.")
        }
        return .conflict(
            "The token of \(standing.report.title) is being rotated, begun by \(standing.actor). Wait for it, or stop it "
                + "on the page of that integration.")
    }

    private static func checkIdle(_ visit: Visit, _ desk: WorkDesk, _ id: IntegrationID) async throws {
        guard let standing = try await desk.rotation.standing(), standing.isRunning else { return }
        guard standing.report.integration == id else { throw try await Self.isElsewhere(visit, desk) }
        throw ConsoleError.underWay(visit.shown(standing.actor))
    }

    private static func begin(
        _ visit: Visit, _ desk: WorkDesk, _ job: RotationJob, noting entry: AuditEntry?
    ) async throws {
        do {
            try await desk.rotation.begin(job, visit, noting: entry)
        } catch let error as ConsoleError {
            guard case .conflict = error,
                try await Self.rotation(visit, desk, of: job.beginning.integration) == nil
            else { throw error }
            throw try await Self.isElsewhere(visit, desk)
        }
    }

    /// The rotation of this integration, as this visitor is told of it, if it is the latest that was begun.
    static func rotation(
        _ visit: Visit, _ desk: WorkDesk, of id: IntegrationID
    ) async throws -> WorkStanding<RotationReport>? {
        guard var standing = try await desk.rotation.standing(), standing.report.integration == id else { return nil }
        standing.actor = visit.shown(standing.actor)
        return standing
    }

    static func stopRotation(_ visit: Visit, _ desk: WorkDesk) async throws -> IntegrationID {
        let id = try await Self.record(visit).id
        // Not what has been begun of another integration since.
        if let standing = try await Self.rotation(visit, desk, of: id) { try await desk.rotation.stop(standing.id) }
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

    static func random() -> [UInt8] { SystemRandom.bytes(WebhookToken.randomByteCount) }
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
