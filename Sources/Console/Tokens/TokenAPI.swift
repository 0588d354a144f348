import FoundationEssentials
import HookgateCore

/// One integration's tokens over the API: what `hookgate test` and `hookgate tokens` do, and never a token.
enum TokenAPI {
    private static let mostListed = 200

    static func routes(_ desk: WorkDesk) -> [Route] {
        [
            Route(.get, "/api/v1/integrations/{id}/tokens", .needs(.viewer, .organization), api: list) { visit in
                let holding = try await TokenDeeds.holding(visit, try await TokenDeeds.record(visit).id)
                return try .json(List(holding, at: visit.now))
            },
            Route(.post, "/api/v1/integrations/{id}/test", .needs(.operator, .organization), api: test) { visit in
                let wish = try APIBody.read(TestWish.self, visit.request)
                return try await .json(
                    Test(TokenDeeds.test(visit, desk.probes, delivers: wish.deliver ?? false)))
            },
            Route(.get, "/api/v1/integrations/{id}/rotation", .needs(.viewer, .organization), api: rotation) { visit in
                try .json(answer(visit, desk, of: try await TokenDeeds.record(visit).id))
            },
            Route(.post, "/api/v1/integrations/{id}/rotate", .needs(.operator, .organization), api: rotate) { visit in
                let request = try APIBody.read(RotationWish.self, visit.request).request()
                let id = try await TokenDeeds.record(visit).id
                return try await Idempotency.carryOut(visit) {
                    try await TokenDeeds.rotate(visit, desk, request)
                    return try .json(answer(visit, desk, of: id), status: 202)
                }
            },
            Route(.post, "/api/v1/integrations/{id}/rotation/stop", .needs(.operator, .organization), api: stop) {
                visit in
                let id = try await TokenDeeds.stopRotation(visit, desk)
                return try .json(answer(visit, desk, of: id), status: 202)
            },
            Route(.post, "/api/v1/integrations/{id}/revoke", .needs(.operator, .organization), api: revoke) { visit in
                let wish = try APIBody.read(RevocationWish.self, visit.request)
                guard wish.dryRun == false else {
                    return try .json(
                        Revocation(try await TokenDeeds.revocation(visit, wish.fingerprint).1, isDone: false))
                }
                return try .json(
                    Revocation(
                        try await TokenDeeds.revoke(
                            visit, wish.fingerprint, expected: wish.expectedFingerprint, typed: wish.confirm),
                        isDone: true))
            },
        ]
    }

    private static func answer(_ visit: Visit, _ desk: WorkDesk, of id: IntegrationID) -> WorkAnswer<Rotation> {
        WorkAnswer(TokenDeeds.rotation(visit, desk, of: id), Rotation.init)
    }

    private struct TestWish: Decodable {
        let deliver: Bool?
    }

    private struct RotationWish: Decodable {
        let dryRun: Bool?
        let graceHours: Int?
        let waitMinutes: Int?
        let expectedFingerprint: String?
        let rehearsal: Bool?

        /// Unless it says otherwise, a dry run.
        func request() throws(ConsoleError) -> RotationRequest {
            var request = RotationRequest()
            request.isDryRun = dryRun ?? true
            request.isRehearsal = rehearsal ?? false
            request.expected = expectedFingerprint
            if let graceHours {
                guard RotationRequest.graceHours.contains(graceHours) else {
                    throw .badRequest("grace_hours is up to 90 days.")
                }
                request.grace = .seconds(graceHours * 3_600)
            }
            if let waitMinutes {
                guard RotationRequest.waitMinutes.contains(waitMinutes) else {
                    throw .badRequest("wait_minutes is up to an hour.")
                }
                request.eventWait = .seconds(waitMinutes * 60)
            }
            return request
        }
    }

    private struct RevocationWish: Decodable {
        let dryRun: Bool?
        let fingerprint: String?
        let expectedFingerprint: String?
        let confirm: String?
    }

    private struct Token: Encodable {
        let fingerprint: String
        let standing: String
        let passesUntil: Date?
    }

    private struct List: Encodable {
        let integrationId: String
        let instanceName: String?
        let tokens: [Token]

        init(_ holding: TokenHolding, at now: Date) {
            self.integrationId = holding.integrationID.text
            self.instanceName = holding.instanceName?.text
            self.tokens = TokenListing(holding, at: now).entries.prefix(TokenAPI.mostListed).map {
                Token(fingerprint: $0.fingerprint, standing: $0.word, passesUntil: $0.end)
            }
        }
    }

    private struct Test: Encodable {
        struct Step: Encodable {
            let step: String
            let milliseconds: Int
        }

        let result: String
        let url: String
        let failedStep: String?
        let reason: String?
        let destination: String?
        let destinationStatus: Int?
        let steps: [Step]

        init(_ report: ProbeReport) {
            self.result = report.failure == nil ? "passed" : "failed"
            self.url = report.base.text
            self.failedStep = report.failedStep?.rawValue
            self.reason = report.failure?.words
            self.destination = report.delivery?.destination.text
            self.destinationStatus = report.delivery?.status
            self.steps = report.steps.map {
                Step(step: $0.step.rawValue, milliseconds: EventDetailPage.milliseconds($0.took))
            }
        }
    }

    private struct Rotation: Encodable {
        let integrationId: String
        let isDryRun: Bool
        let isAtEvolution: Bool
        let graceHours: Int
        let oldFingerprint: String?
        let outcome: String?
        let meaning: String

        init(_ report: RotationReport) {
            self.integrationId = report.integration.text
            self.isDryRun = report.isDryRun
            self.isAtEvolution = report.isAtEvolution
            self.graceHours = Int(report.grace.components.seconds) / 3_600
            self.oldFingerprint = report.before
            self.outcome = report.outcome?.word
            self.meaning = report.progress
        }
    }

    private struct Revocation: Encodable {
        let outcome: String
        let oldFingerprint: String?
        let newFingerprint: String?
        let revokedFingerprints: [String]
        let stillInGrace: [Token]

        /// The fingerprint of a token that is not made would lead to nothing.
        init(_ plan: TokenPlan, isDone: Bool) {
            self.outcome = isDone ? "done" : "dry_run"
            self.oldFingerprint = plan.holding.current?.fingerprint
            self.newFingerprint = isDone ? plan.change.replacement?.token.digest.fingerprint : nil
            self.revokedFingerprints = plan.change.ended.map(\.fingerprint)
            self.stillInGrace = plan.stillInGrace.map { held in
                let end: Date? = if case .grace(let end) = held.standing { end } else { nil }
                return Token(fingerprint: held.digest.fingerprint, standing: "grace", passesUntil: end)
            }
        }
    }
}

extension TokenAPI {
    private static let id: [String: Schema] = ["id": .uuid]

    private static let token = Schema.object(
        [
            ("fingerprint", .text), ("standing", .words(["current", "shared", "grace", "ended", "revoked"])),
            ("passes_until", .time),
        ], required: ["fingerprint", "standing"])

    private static let rotated = Schema.work(
        .object([
            ("integration_id", .uuid), ("is_dry_run", .boolean), ("is_at_evolution", .boolean),
            ("grace_hours", .integer(0)), ("old_fingerprint", .text), ("outcome", .text), ("meaning", .text),
        ]))

    private static let list = APIOperation(
        "List an integration's tokens by fingerprint, newest first", path: id,
        answer: .object(
            [("integration_id", .uuid), ("instance_name", .text), ("tokens", .list(token))],
            required: ["integration_id", "tokens"]))

    private static let test = APIOperation(
        "Send a signed probe to the token URL and follow it, step by step; to its destination where deliver is true",
        path: id, body: .object([("deliver", .boolean)]),
        answer: .object(
            [
                ("result", .words(["passed", "failed"])), ("url", .text),
                ("failed_step", .words(ProbeStep.allCases.map(\.rawValue))), ("reason", .text), ("destination", .text),
                ("destination_status", .integer()),
                (
                    "steps",
                    .list(
                        .object(
                            [
                                ("step", .words(ProbeStep.allCases.map(\.rawValue))), ("milliseconds", .integer(0)),
                            ], required: ["step", "milliseconds"]))
                ),
            ], required: ["result", "url", "steps"]), problems: [422])

    private static let rotation = APIOperation(
        "Show the latest rotation of an integration's token, as far as it is", path: id, answer: rotated)

    private static let rotate = APIOperation(
        "Begin to give an integration a new token, here and at Evolution; a dry run unless dry_run is false", path: id,
        body: .object([
            ("dry_run", .boolean), ("grace_hours", .integer(0, RotationRequest.graceHours.upperBound)),
            ("wait_minutes", .integer(0, RotationRequest.waitMinutes.upperBound)), ("expected_fingerprint", .text),
            ("rehearsal", .boolean),
        ]), answer: rotated, status: 202, problems: [409, 422], takesIdempotencyKey: true)

    private static let stop = APIOperation(
        "Ask a rotation to leave off; the same request goes on with the token that was made", path: id,
        answer: rotated, status: 202)

    private static let revoke = APIOperation(
        "End an integration's tokens, or one of them, at once; a dry run unless dry_run is false, and then confirm is "
            + "the instance's name",
        path: id,
        body: .object([
            ("dry_run", .boolean), ("fingerprint", .text), ("expected_fingerprint", .text), ("confirm", .text),
        ]),
        answer: .object(
            [
                ("outcome", .words(["done", "dry_run"])), ("old_fingerprint", .text), ("new_fingerprint", .text),
                ("revoked_fingerprints", .list(.text)), ("still_in_grace", .list(token)),
            ], required: ["outcome", "revoked_fingerprints", "still_in_grace"]), problems: [409, 422])
}
