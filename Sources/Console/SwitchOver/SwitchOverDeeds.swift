import FoundationEssentials
import HookgateCore

/// What page and API do alike with the webhooks at Evolution.
enum SwitchOverDeeds {
    /// The most names that are given one by one.
    static let mostNames = 10_000

    static func parts(_ visit: Visit) throws(ConsoleError) -> SwitchOverParts { try Self.parts(visit.parts) }

    static func parts(_ parts: ConsoleParts) throws(ConsoleError) -> SwitchOverParts {
        guard let parts = parts.switchOver else {
            throw .unprocessable("No Evolution server is configured. Set EVOLUTION_API_URL and EVOLUTION_API_KEY.")
        }
        return parts
    }

    static func look(_ visit: Visit, _ desk: WorkDesk) throws(ConsoleError) {
        let useCases = try Self.parts(visit).useCases(visit.actor)
        try desk.look.begin(WebhookLook(), visit) { update in
            let failures = try await useCases.status { standing in update { $0.take(standing) } }
            update { $0.failures = failures.map { (server: $0.server, why: "\($0.failure)") } }
        }
    }

    /// How many instances it would be about. Nothing is sent, and Evolution is not asked.
    static func count(_ visit: Visit, _ request: SwitchOverRequest) async throws -> Int {
        try await SwitchOverSubjects.of(request, visit.parts, try Self.parts(visit).useCases(visit.actor)).count
    }

    /// - Parameter run: of a switch-over that goes on, the one that was paused: taken back, both halves go back.
    static func begin(
        _ visit: Visit, _ desk: WorkDesk, _ request: SwitchOverRequest, run: RunID = RunID(UUID())
    ) async throws {
        struct Detail: Encodable {
            let run: String
            let instances: Int
            let isDryRun: Bool
        }
        let useCases = try Self.parts(visit).useCases(visit.actor)
        try await desk.switchOver.checkIdle()
        let count = try await SwitchOverSubjects.of(request, visit.parts, useCases).count
        guard count > 0 else {
            throw ConsoleError.unprocessable("There is no instance that this could be about.")
        }
        let entry = try visit.entry(
            request.deed == .switchOver ? "webhooks.switch" : "webhooks.rollback", nil,
            Detail(run: run.text, instances: count, isDryRun: request.options.isDryRun))
        try await desk.switchOver.begin(SwitchOverJob(request: request, run: run), visit, noting: entry)
    }

    /// Refuses a public URL that no server may be pointed at.
    static func checkURL(
        _ parts: ConsoleParts, isRehearsal: Bool, _ targets: [SwitchOverTarget]
    ) throws(ConsoleError) {
        let longest = targets.max { $0.token.secretText.count < $1.token.secretText.count }
        try Self.checkPublicURL(parts, isRehearsal: isRehearsal, token: longest?.token)
    }

    /// The same before there are targets.
    /// - Parameter token: the longest that it is to hold; nil for none.
    static func checkPublicURL(
        _ parts: ConsoleParts, isRehearsal: Bool, token: WebhookToken?
    ) throws(ConsoleError) {
        if isRehearsal {
            guard try Self.parts(parts).allowsRehearsal else {
                throw .unprocessable(
                    "A rehearsal is for Evolution servers on this machine, and one of them is elsewhere.")
            }
            return
        }
        let base = parts.publicURL
        guard let token, let flaw = base.switchOverFlaw(token: token) else { return }
        throw .unprocessable("The public URL \(base.text) cannot be set at Evolution: \(flaw).")
    }
}

extension SwitchOverRequest {
    var selection: RollbackSelection {
        if let run = self.run { return .run(run) }
        return self.names.map { .instances($0) } ?? .fleet
    }
}

/// The fields of the forms of the page, and the members of the API's bodies.
enum SwitchOverFields {
    static let paces = 0.01...100
    static let waits = 0...1_440

    static func request(_ fields: FormFields, _ deed: SwitchOverRequest.Deed) throws(ConsoleError) -> SwitchOverRequest
    {
        var request = SwitchOverRequest(deed: deed)
        request.names = try Self.names(fields["instances"])
        request.run = try EventQuery.read("run", fields, "a run's id", RunID.init)
        request.options.isDryRun = fields["dry_run"] != nil
        request.options.replacesOther = fields["replace_other"] != nil
        request.isRehearsal = fields["rehearsal"] != nil
        if let percent = try EventQuery.read("canary", fields, "a percentage from 0 to 100", Self.percent) {
            request.options.canaryShare = percent / 100
        }
        if let pace = try EventQuery.read("pace", fields, "a number from 0.01 to 100", Self.pace) {
            request.options.pace = pace
        }
        if let minutes = try EventQuery.read("wait_minutes", fields, "a number of minutes up to a day", Self.minutes) {
            request.options.eventWait = .seconds(minutes * 60)
        }
        if let factor = try EventQuery.read(
            "second_factor", fields, "policy, none, header, jwt or both", SecondFactorChoice.init(rawValue:))
        {
            request.options.secondFactor = factor
        }
        return request
    }

    /// Names, one on a line; nil for none.
    static func names(_ text: String?) throws(ConsoleError) -> [InstanceName]? {
        guard let text else { return nil }
        let names = text.split(whereSeparator: \.isNewline).map { String($0) }.filter { !$0.isEmpty }
        guard names.count <= SwitchOverDeeds.mostNames else {
            throw .badRequest("Name at most \(SwitchOverDeeds.mostNames) instances, or none for all.")
        }
        return names.isEmpty ? nil : names.map { InstanceName($0) }
    }

    private static func percent(_ text: String) -> Double? {
        Double(text).flatMap { (0...100).contains($0) ? $0 : nil }
    }

    private static func pace(_ text: String) -> Double? {
        Double(text).flatMap { Self.paces.contains($0) ? $0 : nil }
    }

    private static func minutes(_ text: String) -> Int? {
        Int(text).flatMap { Self.waits.contains($0) ? $0 : nil }
    }
}
