import FoundationEssentials
import HookgateCore

/// What page and API do alike with destinations: where patients' messages go.
enum DestinationDeeds {
    enum Outcome: String {
        case done
        case unchanged
        case dryRun = "dry_run"
    }

    /// What a change came to, or would come to.
    struct Change {
        let outcome: Outcome
        let after: DestinationRecord
        /// Events that wait for it now.
        let waiting: Int
        /// Masked; nil where the secret is the one before.
        let newSecret: String?
    }

    /// A deed that needs nothing but a name.
    enum Verb: String {
        case pause
        case resume
        case remove
    }

    /// What was read before a change, and what of it is this visitor's to change.
    private struct Before {
        let kept: KeptDestination?
        let record: DestinationRecord?
    }

    static let missing = ConsoleError.notFound("There is no destination of that name.")
    private static let changed = ConsoleError.conflict(
        "Somebody else has changed this destination meanwhile. Nothing was written; look again.")

    static func parts(_ visit: Visit) throws(ConsoleError) -> DestinationParts {
        guard let parts = visit.parts.delivery else { throw .nothingHere }
        return parts
    }

    /// The one that the path names, held against whose events would go there.
    static func scope(_ visit: Visit) async throws -> DestinationScope {
        guard let scope = DestinationScope(visit.parameter("destination").lowercased()) else { throw Self.missing }
        if let organization = visit.scope {
            guard try await Self.parts(visit).standings.belongs(scope, to: organization) else { throw Self.missing }
        }
        return scope
    }

    /// Nil for one that could be set, and is not.
    static func standing(_ visit: Visit, _ scope: DestinationScope) async throws -> DestinationStanding? {
        let parts = try Self.parts(visit)
        let standing = try await parts.standings.standing(of: scope, seenBy: visit.scope, at: visit.now)
        guard standing?.record != nil || scope == .default && parts.configured != nil else { return nil }
        return standing
    }

    /// - Parameter expected: the revision that somebody looked at when deciding, or ``KeptDestination/none``; nil where
    ///   nobody said.
    static func set(
        _ visit: Visit, _ scope: DestinationScope, _ wish: DestinationWish, expected: String?, isDryRun: Bool
    ) async throws -> Change {
        let parts = try Self.parts(visit)
        let before = try await Self.before(visit, scope)
        let revision = before.record == nil ? nil : before.kept?.revision
        guard expected == nil || expected == revision ?? KeptDestination.none else { throw Self.changed }
        var after = before.record ?? DestinationRecord(scope: scope)
        if let organization = visit.scope { after.organization = organization }
        try wish.apply(to: &after, parts, namesStreams: visit.scope == nil)
        return try await Self.change(visit, "set", from: before, to: after, isDryRun: isDryRun)
    }

    static func carryOut(
        _ visit: Visit, _ verb: Verb, _ scope: DestinationScope, isDryRun: Bool
    ) async throws -> Change {
        let before = try await Self.before(visit, scope)
        let isConfigured = try scope == .default && Self.parts(visit).configured != nil
        // The configuration's own has a row only once somebody pauses or filters it.
        let configured = isConfigured && verb != .remove ? DestinationRecord(scope: scope) : nil
        guard var after = before.record ?? configured else { throw Self.missing }
        switch verb {
        case .pause: after.isPaused = true
        case .resume: after.isPaused = false
        case .remove: return try await Self.remove(visit, after, isDryRun: isDryRun)
        }
        return try await Self.change(visit, verb.rawValue, from: before, to: after, isDryRun: isDryRun)
    }

    /// What somebody else set while a clinic or an integration was theirs is nothing to who has it now, and is replaced.
    private static func before(_ visit: Visit, _ scope: DestinationScope) async throws -> Before {
        let kept = try await visit.parts.destinations.kept(scope)
        guard let seer = visit.scope, let owner = kept?.record.organization else {
            return Before(kept: kept, record: kept?.record)
        }
        return Before(kept: kept, record: owner == seer ? kept?.record : nil)
    }

    private static func change(
        _ visit: Visit, _ word: String, from before: Before, to after: DestinationRecord, isDryRun: Bool
    ) async throws -> Change {
        let waiting = try await Self.waiting(visit, after.scope)
        let first = after.secrets?.secrets.first
        let newSecret = first == before.record?.secrets?.secrets.first ? nil : first?.masked
        guard after != before.record else {
            return Change(outcome: .unchanged, after: after, waiting: waiting, newSecret: nil)
        }
        guard !isDryRun else {
            // A dry run's secret is nobody's.
            return Change(outcome: .dryRun, after: after, waiting: waiting, newSecret: nil)
        }
        let entry = try Self.entry(visit, word, after)
        guard
            try await visit.parts.destinations.save(after, over: before.kept?.record, at: visit.now, audit: entry)
        else { throw Self.changed }
        return Change(outcome: .done, after: after, waiting: waiting, newSecret: newSecret)
    }

    private static func remove(_ visit: Visit, _ record: DestinationRecord, isDryRun: Bool) async throws -> Change {
        let waiting = try await Self.waiting(visit, record.scope)
        if !isDryRun {
            let entry = try Self.entry(visit, Verb.remove.rawValue, record)
            guard try await visit.parts.destinations.remove(record.scope, at: visit.now, audit: entry) else {
                throw Self.missing
            }
        }
        return Change(outcome: isDryRun ? .dryRun : .done, after: record, waiting: waiting, newSecret: nil)
    }

    /// The narrowest of an integration's events; nil where there is none.
    static func effective(_ visit: Visit, _ record: IntegrationRecord) async throws -> DestinationScope? {
        let scopes: [DestinationScope?] = [
            .integration(record.id), record.clinicID.map { .clinic($0) },
            record.organizationID.map { .organization($0) },
        ]
        for scope in scopes.compactMap(\.self) {
            let found = try await visit.parts.destinations.destination(of: scope)
            if found?.kind != nil, found?.organization == nil || found?.organization == record.organizationID {
                return scope
            }
        }
        if try Self.parts(visit).configured != nil { return .default }
        return try await visit.parts.destinations.destination(of: .default)?.kind == nil ? nil : .default
    }

    private static func waiting(_ visit: Visit, _ scope: DestinationScope) async throws -> Int {
        try await Self.parts(visit).standings.standing(of: scope, seenBy: visit.scope, at: visit.now)?.waiting ?? 0
    }

    private static func entry(_ visit: Visit, _ word: String, _ record: DestinationRecord) throws -> AuditEntry {
        try AuditEntry(
            actor: visit.actor, action: "destinations.\(word)", subject: record.scope.text,
            detail: DestinationAudit(record))
    }
}
