import FoundationEssentials
import HookgateCore

/// The second factor of one integration over the API: what `hookgate integrations second-factor` does.
enum SecondFactorAPI {
    static let routes: [Route] = [
        Route(.get, "/api/v1/integrations/{id}/second-factor", .needs(.viewer, .organization), api: show) { visit in
            let entry = try await SecondFactorDeeds.current(visit)
            return try .json(Document(entry, entry.secondFactor, "shown", visit))
        },
        Route(.post, "/api/v1/integrations/{id}/second-factor", .needs(.operator, .organization), api: change) {
            visit in
            let wish = try APIBody.read(Wish.self, visit.request)
            let request = try wish.request()
            guard wish.dryRun == false else {
                let plan = try await SecondFactorDeeds.plan(visit, request)
                let outcome = plan.changesNothing ? "unchanged" : "dry_run"
                return try .json(Document(plan.entry, plan.change.replacement, outcome, visit))
            }
            // Not with an idempotency key: what was answered holds a secret, which no table may have.
            let plan = try await SecondFactorDeeds.change(visit, request, expected: nil)
            return try .json(
                Document(
                    plan.entry, plan.change.replacement, plan.changesNothing ? "unchanged" : "done", visit,
                    minted: plan.minted))
        },
    ]

    private struct Wish: Decodable {
        let dryRun: Bool?
        let mode: String?
        let header: Bool?
        let headerName: String?
        let jwt: Bool?
        let clear: Bool?
        let graceMinutes: Int?

        /// Unless it says otherwise, a dry run.
        func request() throws(ConsoleError) -> SecondFactorRequest {
            try SecondFactorWish.request(
                mode: mode, headerName: header == true ? headerName ?? SecretHeaderName.standard.text : nil,
                mintsJWTKey: jwt ?? false, clears: clear ?? false, graceMinutes: graceMinutes)
        }
    }

    private struct Document: Encodable {
        struct Header: Encodable {
            let name: String
            let value: String
        }

        let outcome: String
        let integrationId: String
        let mode: String
        let modeIsDefault: Bool
        let headerName: String?
        let headerFingerprint: String?
        let jwtKey: Bool
        let retiredUntil: Date?
        /// Of new secrets alone, and never again.
        let evolutionHeaders: [Header]?

        init(
            _ entry: RoutingEntry, _ factor: SecondFactor?, _ outcome: String, _ visit: Visit,
            minted: MintedSecrets? = nil
        ) {
            self.outcome = outcome
            self.integrationId = entry.integrationID.text
            self.mode = (factor?.mode ?? visit.parts.tokens?.defaultMode ?? .off).rawValue
            self.modeIsDefault = factor?.mode == nil
            self.headerName = factor?.secrets.header?.name.text
            // The fingerprint of a value that nobody was given would lead to nothing.
            self.headerFingerprint = outcome == "dry_run" ? nil : factor?.secrets.header?.fingerprint
            self.jwtKey = factor?.secrets.jwtKey != nil
            self.retiredUntil = factor?.retired?.end
            self.evolutionHeaders = minted.map { $0.evolutionHeaders.map { Header(name: $0.name, value: $0.value) } }
        }
    }
}

extension SecondFactorAPI {
    private static let document = Schema.object(
        [
            ("outcome", .words(["shown", "unchanged", "dry_run", "done"])), ("integration_id", .uuid),
            ("mode", .words(SecondFactorMode.allCases.map(\.rawValue))), ("mode_is_default", .boolean),
            ("header_name", .text), ("header_fingerprint", .text), ("jwt_key", .boolean), ("retired_until", .time),
            ("evolution_headers", .list(.object([("name", .text), ("value", .text)], required: ["name", "value"]))),
        ], required: ["outcome", "integration_id", "mode", "mode_is_default", "jwt_key"])

    private static let show = APIOperation(
        "Show an integration's second factor, without its secrets", path: ["id": .uuid], answer: document)

    private static let change = APIOperation(
        "Change an integration's second factor; a dry run unless dry_run is false. What is made is told this once",
        path: ["id": .uuid],
        body: .object([
            ("dry_run", .boolean), ("mode", .words(SecondFactorWish.modes)), ("header", .boolean),
            ("header_name", .text), ("jwt", .boolean), ("clear", .boolean),
            ("grace_minutes", .integer(0, SecondFactorDeeds.graceMinutes.upperBound)),
        ]), answer: document, problems: [409, 422])
}
