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

    static let missing = ConsoleError.notFound("There is no destination of that name.")

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

    static func set(
        _ visit: Visit, _ scope: DestinationScope, _ wish: DestinationWish, isDryRun: Bool
    ) async throws -> Change {
        let parts = try Self.parts(visit)
        let before = try await Self.found(visit, scope)
        var after = before ?? DestinationRecord(scope: scope)
        if let organization = visit.scope { after.organization = organization }
        try wish.apply(to: &after, parts, namesStreams: visit.scope == nil)
        return try await Self.change(visit, "set", from: before, to: after, isDryRun: isDryRun)
    }

    static func carryOut(
        _ visit: Visit, _ verb: Verb, _ scope: DestinationScope, isDryRun: Bool
    ) async throws -> Change {
        let before = try await Self.found(visit, scope)
        let isConfigured = try scope == .default && Self.parts(visit).configured != nil
        // The configuration's own has a row only once somebody pauses or filters it.
        guard var after = before ?? (isConfigured && verb != .remove ? DestinationRecord(scope: scope) : nil) else {
            throw Self.missing
        }
        switch verb {
        case .pause: after.isPaused = true
        case .resume: after.isPaused = false
        case .remove: return try await Self.remove(visit, after, isDryRun: isDryRun)
        }
        return try await Self.change(visit, verb.rawValue, from: before, to: after, isDryRun: isDryRun)
    }

    /// What somebody else set while a clinic or an integration was theirs is nothing to who has it now, and is replaced.
    private static func found(_ visit: Visit, _ scope: DestinationScope) async throws -> DestinationRecord? {
        guard let record = try await visit.parts.destinations.destination(of: scope) else { return nil }
        guard let seer = visit.scope, let owner = record.organization else { return record }
        return owner == seer ? record : nil
    }

    private static func change(
        _ visit: Visit, _ word: String, from before: DestinationRecord?, to after: DestinationRecord, isDryRun: Bool
    ) async throws -> Change {
        let waiting = try await Self.waiting(visit, after.scope)
        let first = after.secrets?.secrets.first
        let newSecret = first == before?.secrets?.secrets.first ? nil : first?.masked
        guard after != before else {
            return Change(outcome: .unchanged, after: after, waiting: waiting, newSecret: nil)
        }
        guard !isDryRun else {
            // A dry run's secret is nobody's.
            return Change(outcome: .dryRun, after: after, waiting: waiting, newSecret: nil)
        }
        try await visit.parts.destinations.save(
            after, at: visit.now, audit: try Self.entry(visit, word, after))
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
