import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Synchronization
import Testing

@testable import Gateway

/// What a webhook's second factor does to its answer, over a real socket.
@Suite(.timeLimit(.minutes(1))) struct SecondFactorTests {
    /// Signed by another program with `a-key-of-the-instance`; expires at 1760919000.
    private static let jwt =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        + "eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6MTc2MDkxOTAwMCwiYXBwIjoiZXZvbHV0aW9uIiwiYWN0aW9uIjoid2ViaG9vayJ9."
        + "UTEmrdtv0S-rNzzhcUh_18AqemJ0EuJlSQyOkpw4mEA"
    private static let signature = "08c270a4c2ce450a6656cd07e94d8756ffea3cdd44255e7dce0895fc980bbb84"
    private static let header = FactorSecrets(header: SecretHeader(name: .standard, value: "the value"))
    private static let held = #""status":"quarantined""#
    private static let reason = #""reason":"second_factor_missing""#

    private static func world(_ factor: SecondFactor?, enabled: Bool = true) -> [RoutingChange] {
        let entry = Sample.entry(enabled: enabled)
        return [
            .integration(
                RoutingEntry(
                    integrationID: entry.integrationID, organizationID: entry.organizationID, clinicID: entry.clinicID,
                    instanceName: entry.instanceName, isEnabled: enabled, revision: 1, secondFactor: factor)),
            .token(Sample.digest, entry.integrationID, .current, revision: 1),
        ]
    }

    private func answers(_ gateway: TestGateway, _ requests: [String]) async throws -> [String] {
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                var bodies: [String] = []
                for request in requests {
                    let response = try #require(try await connection.exchange(request))
                    #expect(response.status == 200)
                    bodies.append(response.body)
                }
                return bodies
            }
        }
    }

    private func count(_ gateway: TestGateway, _ mode: SecondFactorMode, _ outcome: SecondFactorOutcome) -> Int {
        gateway.metrics.secondFactors(mode)[outcome].count
    }

    @Test(arguments: [Raw.tokenPath, Raw.namePath, Raw.tokenPath + "/messages-upsert"])
    func enforcedHeaderLetsPassAndHoldsWhatLacksIt(path: String) async throws {
        let gateway = TestGateway(Self.world(SecondFactor(mode: .enforce, secrets: Self.header)))
        let answers = try await self.answers(
            gateway,
            [
                Raw.post(path, headers: ["x-HOOKGATE-secret: the value"]), Raw.post(path),
                Raw.post(path, headers: ["X-Hookgate-Secret: the valu"]),
                Raw.post(path, headers: ["X-Hookgate-Secret: the value", "X-Hookgate-Secret: the value"]),
            ])
        #expect(answers[0].contains(#""status":"ok""#))
        for answer in answers.dropFirst() { #expect(answer.contains(Self.held) && answer.contains(Self.reason)) }
        #expect(gateway.spool.events.count == 4)
        #expect(gateway.spool.events[1].disposition == .quarantined(.secondFactorMissing))
        #expect(gateway.spool.events[1].clinicID == gateway.spool.events[0].clinicID)
        #expect(self.count(gateway, .enforce, .satisfied) == 1)
        #expect(self.count(gateway, .enforce, .missing) == 1)
        #expect(self.count(gateway, .enforce, .wrong) == 2)
        // Nobody was asked.
        #expect(gateway.source.asked.isEmpty)
    }

    @Test func observedFactorIsCountedAndHoldsNothingBack() async throws {
        let gateway = TestGateway(Self.world(SecondFactor(mode: nil, secrets: Self.header)))
        let answers = try await self.answers(
            gateway, [Raw.post(), Raw.post(headers: ["X-Hookgate-Secret: no"])])
        for answer in answers { #expect(answer.contains(#""status":"ok""#)) }
        #expect(self.count(gateway, .observe, .missing) == 1)
        #expect(self.count(gateway, .observe, .wrong) == 1)
        #expect(self.count(gateway, .enforce, .missing) == 0)
        let text = gateway.service.metricsText()
        #expect(text.contains(#"hookgate_second_factor_total{mode="observe",outcome="missing"} 1"#))
    }

    @Test func offLooksAtNothing() async throws {
        let gateway = TestGateway(
            Self.world(SecondFactor(mode: .off, secrets: Self.header)), secondFactor: SecondFactorPolicy(mode: .enforce)
        )
        #expect(try await self.answers(gateway, [Raw.post()])[0].contains(#""status":"ok""#))
        for outcome in SecondFactorOutcome.allCases { #expect(self.count(gateway, .enforce, outcome) == 0) }
    }

    @Test(arguments: [
        (1_760_918_700, SecondFactorOutcome.satisfied, true), (1_760_921_700, .late, true),
        (1_760_921_760, .expired, false),
    ])
    func bearerTokenOfALateRetryPasses(now: Int, outcome: SecondFactorOutcome, passes: Bool) async throws {
        let key = try #require(EvolutionJWTKey("a-key-of-the-instance"))
        let gateway = TestGateway(
            Self.world(SecondFactor(mode: .enforce, secrets: FactorSecrets(jwtKey: key))),
            clock: TimeSource { Date(timeIntervalSince1970: TimeInterval(now)) })
        let answer = try await self.answers(gateway, [Raw.post(headers: ["Authorization: Bearer \(Self.jwt)"])])[0]
        #expect(answer.contains(passes ? #""status":"ok""# : Self.reason))
        #expect(self.count(gateway, .enforce, outcome) == 1)
    }

    @Test func signatureOverTheBytesCountsForAllWithoutASecretOfTheirOwn() async throws {
        let policy = SecondFactorPolicy(mode: .enforce, signatureKey: WebhookSignatureKey("a webhook secret"))
        let gateway = TestGateway(secondFactor: policy)
        let answers = try await self.answers(
            gateway,
            [
                Raw.post(headers: ["X-Webhook-Signature: sha256=\(Self.signature)"]),
                Raw.post(headers: ["X-Webhook-Signature: \(Self.signature)"]),
                Raw.post(Raw.tokenPath, Sample.body + " ", headers: ["X-Webhook-Signature: \(Self.signature)"]),
                Raw.post(),
            ])
        #expect(answers.map { $0.contains(#""status":"ok""#) } == [true, true, false, false])
        #expect(answers.map { $0.contains(Self.reason) } == [false, false, true, true])
    }

    /// A long body is never whole in memory: its signature is made as it is read.
    @Test func signatureOverALongBodyIsCheckedAsItComes() async throws {
        let policy = SecondFactorPolicy(mode: .enforce, signatureKey: WebhookSignatureKey("a webhook secret"))
        let gateway = TestGateway(secondFactor: policy) { limits in
            limits.longBodyBytes = 1_000
            limits.pieceBytes = 300
        }
        let body = #"{"event":"x","text":""# + String(repeating: "x", count: 5_000) + #""}"#
        let changed = #"{"event":"x","text":""# + String(repeating: "x", count: 4_999) + #"y"}"#
        let code = "4bab6ed66a3674f4783787f910b3507495e8a3d23ed168879459d6eee9df0925"
        let answers = try await self.answers(
            gateway,
            [
                Raw.post(Raw.tokenPath, body, headers: ["X-Webhook-Signature: \(code)"]),
                Raw.post(Raw.tokenPath, changed, headers: ["X-Webhook-Signature: \(code)"]),
                Raw.post(Raw.tokenPath, body),
            ])
        #expect(answers.map { $0.contains(#""status":"ok""#) } == [true, false, false])
        #expect(gateway.service.tenants.count == 0 && gateway.service.budget.inUse == 0)
    }

    @Test func probeNeedsNoSecondFactorAndIsNotCounted() async throws {
        let now = Date(timeIntervalSince1970: 1_760_918_700)
        let gateway = TestGateway(
            Self.world(SecondFactor(mode: .enforce, secrets: Self.header)), clock: TimeSource { now })
        let key = try #require(ProbeKey(TestGateway.probeKeyBytes))
        let sign = ProbeSignature.sign(Array(Sample.body.utf8), at: now, nonce: "nonce-12345", with: key)
        let answers = try await self.answers(
            gateway, [Raw.post(headers: ["X-Hookgate-Probe: \(sign)"]), Raw.post(headers: ["X-Hookgate-Probe: v1"])])
        #expect(answers[0].contains(#""probe":true"#))
        // A claim that does not hold makes no probe.
        #expect(answers[1].contains(Self.reason))
        #expect(self.count(gateway, .enforce, .missing) == 1)
    }

    @Test func headerTooLongToReadIs431() async throws {
        let gateway = TestGateway(Self.world(SecondFactor(mode: .enforce, secrets: Self.header)))
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                let huge = "Authorization: Bearer " + String(repeating: "A", count: 100 << 10)
                let response = try await connection.exchange(Raw.post(headers: [huge]))
                #expect(response?.status == 431)
            }
        }
        #expect(gateway.spool.events.isEmpty)
    }

    @Test func heldForAnotherReasonWithoutItsFactorIsHeldForTheFactor() async throws {
        let gateway = TestGateway(Self.world(SecondFactor(mode: .enforce, secrets: Self.header), enabled: false))
        let answers = try await self.answers(
            gateway, [Raw.post(), Raw.post(headers: ["X-Hookgate-Secret: the value"])])
        #expect(answers[0].contains(Self.reason))
        #expect(answers[1].contains(#""reason":"integration_disabled""#))
    }

    @Test func changeOfTheTableCountsForTheNextWebhook() async throws {
        let gateway = TestGateway(Self.world(nil))
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                let before = try #require(try await connection.exchange(Raw.post()))
                #expect(before.body.contains(#""status":"ok""#))
                let guarded = SecondFactor(mode: .enforce, secrets: Self.header)
                let entry = Sample.entry()
                gateway.table.apply([
                    .integration(
                        RoutingEntry(
                            integrationID: entry.integrationID, organizationID: entry.organizationID,
                            clinicID: entry.clinicID, instanceName: entry.instanceName, isEnabled: true, revision: 2,
                            secondFactor: guarded))
                ])
                let after = try #require(try await connection.exchange(Raw.post()))
                #expect(after.body.contains(Self.reason))
            }
        }
    }
}

/// How the webhooks of each integration do, on its way to where it is kept.
struct SecondFactorTalliesTests {
    private final class Kept: SecondFactorRecords {
        struct Refuses: Error {}
        let taken = Mutex<[SecondFactorTally]>([])
        let refuses = Mutex(false)

        func add(_ tallies: [SecondFactorTally]) async throws {
            if self.refuses.withLock({ $0 }) { throw Refuses() }
            self.taken.withLock { $0 += tallies }
        }
    }

    @Test func talliesAreAddedUpAndKeptWhileNobodyTakesThem() async throws {
        let gateway = TestGateway()
        let kept = Kept()
        let first = Date(timeIntervalSince1970: 1_760_918_400)
        for second in 0..<3 { gateway.tallies.note(Sample.integrationID(), .missing, at: first + Double(second)) }
        gateway.tallies.note(Sample.integrationID(2), .satisfied, at: first)
        kept.refuses.withLock { $0 = true }
        await #expect(throws: Kept.Refuses.self) { try await gateway.tallies.flush(to: kept) }
        gateway.tallies.note(Sample.integrationID(), .missing, at: first - 5)
        kept.refuses.withLock { $0 = false }
        try await gateway.tallies.flush(to: kept)
        try await gateway.tallies.flush(to: kept)
        let taken = kept.taken.withLock { $0 }
        #expect(taken.count == 2)
        #expect(
            taken.contains(
                SecondFactorTally(
                    integrationID: Sample.integrationID(), outcome: .missing, count: 4, firstSeen: first - 5,
                    lastSeen: first + 2)))
    }
}
