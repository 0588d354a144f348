/// What `check` tells while it works.
package enum CheckEvent: Sendable {
    case surveyed(LegacySurvey)
    case instance(InstanceState)
}

/// Where one instance stands on its way.
package struct InstanceState: Sendable, Equatable {
    /// What Evolution says of the instance's webhook.
    package enum EvolutionWebhook: Sendable, Equatable {
        /// What a URL leads to.
        package enum Target: String, Sendable {
            case token
            case otherToken = "other_token"
            case old
            case elsewhere
        }

        /// No Evolution server was asked.
        case notAsked
        /// It posts to this URL, in which a token is masked.
        case posts(to: String, Target)
        /// It has no webhook, or one that is switched off.
        case silent
        /// No configured server has the instance.
        case missing
        case onSeveralServers([String])
        case unknown(EvolutionFailure)
    }

    package let name: InstanceName
    package let legacyRows: [LegacyRow]
    package let integrations: [IntegrationRow]
    /// The integration's clinic, or else the one the plan decides for.
    package let clinic: ClinicCandidate?
    package let evolutionWebhook: EvolutionWebhook
    package let sightings: InstanceSightings
    package let notes: [PlanNote]
    /// What a migration would make of its legacy rows; nil where no legacy table names it.
    package let becomes: String?
    package let nextStep: NextStep

    package init(
        name: InstanceName, legacyRows: [LegacyRow], integrations: [IntegrationRow], clinic: ClinicCandidate?,
        evolutionWebhook: EvolutionWebhook, sightings: InstanceSightings, notes: [PlanNote], becomes: String? = nil,
        nextStep: NextStep
    ) {
        self.name = name
        self.legacyRows = legacyRows
        self.integrations = integrations
        self.clinic = clinic
        self.evolutionWebhook = evolutionWebhook
        self.sightings = sightings
        self.notes = notes
        self.becomes = becomes
        self.nextStep = nextStep
    }
}

/// What to do next with one instance.
package enum NextStep: Sendable, Equatable {
    case migrate
    /// The integration has no token: the schema brings it.
    case makeToken
    /// A person must decide; the text says what.
    case decide(String)
    /// The integration belongs to no clinic.
    case assignClinic
    /// Everything is ready for the token URL, and Evolution still has to be told.
    case switchOver
    /// Evolution posts to the token URL, and no event has come yet.
    case waitForEvent
    /// Webhooks come on the token route.
    case done
}

extension NextStep: CustomStringConvertible {
    package var description: String {
        switch self {
        case .migrate: "migrate"
        case .makeToken: "make its token: hookgate schema apply"
        case .decide(let text): text.hasPrefix("ambiguous") ? "decide: \(text)" : text
        case .assignClinic: "assign a clinic"
        case .switchOver: "switch over"
        case .waitForEvent: "wait for its first event"
        case .done: "done"
        }
    }
}

/// The totals of `check`.
package struct CheckReport: Sendable, Equatable {
    package var survey: LegacySurvey
    /// Instances that a legacy table names.
    package var legacy = 0
    /// Those among them that have an integration at all.
    package var withIntegration = 0
    /// Those among them that have their one integration, with clinic and token.
    package var migrated = 0
    package var needMigration = 0
    package var needDecision = 0
    /// Integrations that no legacy table names.
    package var onlyInNew = 0
    package var toSwitchOver = 0
    package var waitingForEvent = 0
    package var done = 0
    /// Instances whose last request on the legacy route belongs to somebody else by the legacy tables.
    package var resolvedDifferently = 0

    package init(survey: LegacySurvey) {
        self.survey = survey
    }

    /// Integrations, legacy or not, that have no token.
    package var withoutToken: Int { survey.integrations.withoutTokenCount }

    package var analysis: CheckAnalysis {
        if !survey.unreadable.isEmpty { return .unknown }
        if legacy == 0 {
            if survey.integrations.rowCount == 0 { return .noInstances }
            return withoutToken > 0 || needDecision > 0 ? .newSystemIncomplete : .newSystemInUse
        }
        if migrated == legacy && withoutToken == 0 { return .complete }
        return withIntegration == 0 ? .needed : .partial
    }

    /// Whether a person must do or decide something before the switch-over: exit code 3.
    package var needsAttention: Bool {
        needMigration > 0 || needDecision > 0 || withoutToken > 0 || resolvedDifferently > 0
            || !survey.unreadable.isEmpty
    }
}

/// The guide's words for the state of a fleet.
package enum CheckAnalysis: String, Sendable {
    case needed = "MIGRATION NEEDED"
    case partial = "PARTIAL MIGRATION"
    case complete = "MIGRATION COMPLETE"
    case newSystemInUse = "NEW SYSTEM IN USE"
    case newSystemIncomplete = "NEW SYSTEM INCOMPLETE"
    case noInstances = "NO INSTANCES FOUND"
    case unknown = "UNKNOWN: OLD TABLES CANNOT BE READ"

    /// What the guide would have the operator do.
    package var advice: String {
        switch self {
        case .needed: "run `hookgate migrate --dry-run`, then `hookgate migrate`"
        case .partial: "follow the next step of each instance listed"
        case .complete: "ready to update the webhooks: `hookgate tokens`"
        case .newSystemInUse: "nothing to migrate"
        case .newSystemIncomplete:
            "follow the next step of each integration listed; tokens are made by "
                + "`hookgate schema apply 20251020_add_webhook_tokens_to_integrations.sql`"
        case .noInstances: "nothing to migrate; an integration that is added gets its token by itself"
        case .unknown: "grant this role SELECT on the tables marked above, and run it again"
        }
    }
}
