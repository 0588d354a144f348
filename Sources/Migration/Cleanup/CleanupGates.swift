package import FoundationEssentials
package import HookgateCore

/// What the evidence on each gate comes to. Pure: the same evidence at the same moment always gives the same findings.
package enum CleanupGates {
    /// Gaps that prove nothing against a window. A sender that calls an old URL is seen all the same unless each of its
    /// calls falls into a gap; a restart, a deployment and a few minutes of maintenance are shorter than this.
    package static let longestGap: TimeInterval = 15 * 60
    /// Of the window, how much may be uncovered in all.
    package static let mostUncovered = 0.01
    /// Nobody else may have used the tables for at least this long: a nightly job runs within it.
    package static let quietTime: TimeInterval = 24 * 3_600

    // MARK: The database itself

    package static func schema(_ facts: CleanupFacts) -> CleanupFinding {
        guard facts.pendingSchema.isEmpty else {
            return CleanupFinding(
                .schema, .notMet, "\(facts.pendingSchema.count) files of the schema are not applied",
                evidence: facts.pendingSchema.map { .init($0, "not applied, or not as it should be") },
                remedy: DoctorRemedy("Apply the schema.", ["hookgate schema apply", "hookgate schema status"]))
        }
        guard facts.lackingRights.isEmpty else {
            return CleanupFinding(
                .schema, .notMet, "this role may not move every table and move it back",
                evidence: facts.lackingRights.map { .init($0.what, $0.remedy) },
                remedy: DoctorRemedy("Connect as the tables' owner, or grant what is missing.", []))
        }
        return CleanupFinding(.schema, .met, CleanupGate.schema.title)
    }

    package static func migrationIdle(_ runs: [RunRecord]) -> CleanupFinding {
        guard let run = runs.first(where: { $0.outcome.state == .running }) else {
            return CleanupFinding(.migrationIdle, .met, CleanupGate.migrationIdle.title)
        }
        return CleanupFinding(
            .migrationIdle, .notMet, "run \(run.id) is at work",
            evidence: [.init(run.id.text, "running", at: run.startedAt)],
            remedy: DoctorRemedy("Wait for it to end; a follower ends with SIGTERM.", ["hookgate migrate runs"]))
    }

    package static func dependents(_ facts: CleanupFacts) -> CleanupFinding {
        let remarks = facts.remarks.map {
            CleanupFinding.Evidence($0.table.rawValue, "\($0.object) moves along with it")
        }
        guard !facts.dependencies.isEmpty else {
            return CleanupFinding(.dependents, .met, CleanupGate.dependents.title, evidence: remarks)
        }
        return CleanupFinding(
            .dependents, .notMet, "\(facts.dependencies.count) objects need the tables",
            evidence: facts.dependencies.map { .init($0.table.rawValue, $0.object) } + remarks,
            total: facts.dependencies.count,
            remedy: DoctorRemedy(
                "Let each of them read healthcare.integrations, or drop it. A function counts when its text names a table; "
                    + "of two objects with one name, rename one.", []))
    }

    // MARK: Instances

    package static func instances(
        _ verification: FleetVerification?, markNow: InventoryMark, unmatched: (names: [InstanceName], total: Int)
    ) -> CleanupFinding {
        let remedy = DoctorRemedy("Migrate what is left, and verify.", ["hookgate migrate", "hookgate migrate verify"])
        guard let verification else {
            return CleanupFinding(
                .instances, .unknown, "the fleet was never verified as a whole", remedy: remedy)
        }
        let excluded = verification.excluded.sorted { $0.key < $1.key }
        func finding(_ state: CleanupFinding.State, _ summary: String) -> CleanupFinding {
            CleanupFinding(
                .instances, state, summary, evidence: excluded.map { .init($0.key.text, "left out: \($0.value)") },
                asOf: verification.verifiedAt, remedy: state == .met ? nil : remedy)
        }
        let archived = LegacySource.archived
        guard verification.mark.part(of: archived) == markNow.part(of: archived) else {
            return finding(.notMet, "the old tables have changed since the fleet was last verified")
        }
        let left = unmatched.names.filter { verification.excluded[$0] == nil }
        guard left.isEmpty, unmatched.total - (unmatched.names.count - left.count) <= 0 else {
            return CleanupFinding(
                .instances, .notMet, "instances of the old tables have no integration",
                evidence: left.map { .init($0.text, "no integration has this name") }, total: unmatched.total,
                asOf: verification.verifiedAt, remedy: remedy)
        }
        let open = verification.mismatched + verification.missing + verification.undecided
        guard open == 0 else {
            return finding(
                .notMet,
                "\(open) instances are not verified (\(verification.mismatched) differ, \(verification.missing) are missing, "
                    + "\(verification.undecided) wait for a decision)")
        }
        return finding(
            .met, "\(verification.verified) instances verified, \(excluded.count) left out by a recorded decision")
    }

    // MARK: Evolution

    package static func switchOvers(
        _ entries: [SwitchOverEntry], integrations: Set<InstanceName>, standings: [WebhookStanding]
    ) -> CleanupFinding {
        let closed = Set(
            standings.filter { $0.finding == .inStep && $0.connection != .open }.map(\.instance))
        var waived: [CleanupFinding.Evidence] = []
        var open: [CleanupFinding.Evidence] = []
        for entry in entries.sorted(by: { $0.instance < $1.instance })
        where integrations.contains(entry.instance) && entry.state != .confirmed {
            // Without a connected phone no event can come; its webhook is on the token URL.
            if entry.state == .configured, closed.contains(entry.instance) {
                waived.append(
                    .init(
                        entry.instance.text, "configured; no phone is connected, so no event can confirm it",
                        at: entry.changedAt))
            } else {
                open.append(.init(entry.instance.text, entry.state.meaning, at: entry.changedAt))
            }
        }
        guard open.isEmpty else {
            return CleanupFinding(
                .switchOvers, .notMet, "\(open.count) switch-overs are not confirmed", evidence: open + waived,
                total: open.count,
                remedy: DoctorRemedy(
                    "Go on with them; each is confirmed by its first event on the token URL.",
                    ["hookgate webhooks status", "hookgate webhooks switch"]))
        }
        let confirmed = entries.count { integrations.contains($0.instance) && $0.state == .confirmed }
        return CleanupFinding(
            .switchOvers, .met,
            "\(confirmed) switch-overs are confirmed"
                + (waived.isEmpty ? "" : ", and \(waived.count) of instances without a phone are configured"),
            evidence: waived)
    }

    package static func webhooks(
        _ standings: [WebhookStanding], failures: [(server: String, failure: EvolutionFailure)], isAsked: Bool,
        at now: Date
    ) -> CleanupFinding {
        guard isAsked else {
            return CleanupFinding(
                .webhooks, .unknown, "no Evolution server is configured, so none could be asked",
                remedy: DoctorRemedy("Set EVOLUTION_API_URL and EVOLUTION_API_KEY.", ["hookgate webhooks status"]))
        }
        let wrong = standings.filter { $0.finding.postsElsewhere == true }
        let unknown = standings.filter { $0.finding.postsElsewhere == nil }
        let evidence =
            failures.map { CleanupFinding.Evidence($0.server, "\($0.failure)", at: now) }
            + (wrong + unknown).map { CleanupFinding.Evidence($0.instance.text, $0.finding.meaning, at: now) }
        let remedy = DoctorRemedy(
            "Switch over what still posts elsewhere; a server that does not answer says nothing.",
            ["hookgate webhooks status", "hookgate webhooks switch"])
        if !wrong.isEmpty {
            return CleanupFinding(
                .webhooks, .notMet, "\(wrong.count) webhooks do not point to their token URL", evidence: evidence,
                asOf: now, remedy: remedy)
        }
        if !unknown.isEmpty || !failures.isEmpty {
            return CleanupFinding(
                .webhooks, .unknown, "\(max(unknown.count, failures.count)) could not be asked of Evolution",
                evidence: evidence, asOf: now, remedy: remedy)
        }
        return CleanupFinding(
            .webhooks, .met,
            "\(standings.count { $0.finding == .inStep }) webhooks point to their token URL, and no other posts anywhere else",
            asOf: now)
    }
}

extension SwitchOverState {
    /// What it means while it lasts.
    fileprivate var meaning: String {
        switch self {
        case .snapshotted: "begun; nothing was sent yet"
        case .setting: "the token URL is being set"
        case .configured: "configured; no event has come on the token URL yet"
        case .confirmed: "confirmed"
        case .restoring: "the old settings are being put back"
        case .rolledBack: "rolled back to the old settings"
        case .abandoned: "given up before anything was sent"
        }
    }
}

extension WebhookFinding {
    /// Whether Evolution posts this instance's events to anything but its token URL; nil where that is not known. What
    /// posts nothing does not, nor does what is none of ours.
    fileprivate var postsElsewhere: Bool? {
        switch self {
        case .inStep, .silent, .onlyLegacy, .missingAtEvolution, .orphan: false
        case .onOldURL, .onOtherToken, .elsewhere, .eventsMissing, .notMigrated, .onSeveralServers,
            .severalIntegrations, .withoutToken:
            true
        case .notLoaded, .unknown: nil
        }
    }
}
