import FoundationEssentials
import HookgateCore
import Testing

struct SecondFactorPolicyTests {
    private static let now = Date(timeIntervalSince1970: 1_760_918_700)
    private static let name = SecretHeaderName.standard
    private static let secrets = FactorSecrets(header: SecretHeader(name: name, value: "the value"))

    private func outcome(
        _ factor: SecondFactor?, policy: SecondFactorPolicy = SecondFactorPolicy(),
        signature: SecondFactorOutcome? = nil, _ headers: [String: [String]] = [:], at now: Date = now
    ) -> SecondFactorJudgement? {
        policy.judge(FactorSample.entry(factor), signature: signature, at: now) { name in
            headers.first { $0.key.lowercased() == name.lowercased() }?.value ?? []
        }
    }

    @Test(arguments: [
        (["the value"], SecondFactorOutcome.satisfied), ([], .missing), ([""], .wrong), (["the valu"], .wrong),
        (["the value "], .wrong), (["The value"], .wrong), (["the value", "the value"], .wrong),
        ([String(repeating: "x", count: 100_000)], .wrong),
        (["eb69abcc54d8bcf975aa735ebb61c8ceb27555455d983d1f8881756760db1fcc"], .wrong),
    ])
    func headerHoldsWhenItsOneValueIsTheSecret(values: [String], expected: SecondFactorOutcome) {
        let factor = SecondFactor(mode: .observe, secrets: Self.secrets)
        #expect(self.outcome(factor, ["x-hookgate-secret": values])?.outcome == expected)
    }

    @Test func digestOfAnotherLengthIsNoHeader() {
        #expect(SecretHeader(name: Self.name, digest: []) == nil)
        #expect(SecretHeader(name: Self.name, digest: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(SecretHeader(name: Self.name, digest: [UInt8](repeating: 0, count: 33)) == nil)
    }

    @Test func ownModeGoesBeforeTheInstallations() {
        let installation = SecondFactorPolicy(mode: .enforce)
        #expect(self.outcome(SecondFactor(mode: .off, secrets: Self.secrets), policy: installation) == nil)
        let observed = self.outcome(SecondFactor(mode: .observe, secrets: Self.secrets), policy: installation)
        #expect(observed == SecondFactorJudgement(mode: .observe, outcome: .missing))
        #expect(observed?.holdsBack == false)
        let enforced = self.outcome(SecondFactor(mode: nil, secrets: Self.secrets), policy: installation)
        #expect(enforced?.holdsBack == true)
        #expect(self.outcome(nil, policy: SecondFactorPolicy(mode: .off)) == nil)
    }

    /// A mode alone holds nobody's events back: there is nothing that a sender could have brought.
    @Test func nothingToCompareWithHoldsNothingBack() throws {
        for factor in [nil, SecondFactor(mode: .enforce)] {
            let judgement = try #require(self.outcome(factor, policy: SecondFactorPolicy(mode: .enforce)))
            #expect(judgement == SecondFactorJudgement(mode: .enforce, outcome: .unconfigured))
            #expect(!judgement.holdsBack)
            #expect(!SecondFactorPolicy(mode: .enforce).enforces(FactorSample.entry(factor)))
        }
    }

    @Test func allThatIsConfiguredMustHold() throws {
        let both = SecondFactor(
            mode: .enforce,
            secrets: FactorSecrets(header: Self.secrets.header, jwtKey: EvolutionJWTKey("k")))
        #expect(self.outcome(both, ["X-Hookgate-Secret": ["the value"]])?.outcome == .missing)
        let wrong = ["X-Hookgate-Secret": ["the value"], "Authorization": ["Bearer x.y.z"]]
        #expect(self.outcome(both, wrong)?.outcome == .wrong)
    }

    @Test func installationsSignatureCountsWhereThereIsNothingOfOnesOwn() throws {
        let policy = SecondFactorPolicy(mode: .enforce, signatureKey: WebhookSignatureKey("s"))
        for outcome in [SecondFactorOutcome.satisfied, .missing, .wrong] {
            #expect(self.outcome(nil, policy: policy, signature: outcome)?.outcome == outcome)
        }
        #expect(policy.enforces(FactorSample.entry(nil)))
        let own = SecondFactor(mode: nil, secrets: Self.secrets)
        let headers = ["X-Hookgate-Secret": ["the value"]]
        #expect(self.outcome(own, policy: policy, signature: .satisfied)?.outcome == .missing)
        #expect(self.outcome(own, policy: policy, signature: .missing, headers)?.outcome == .satisfied)
        #expect(self.outcome(own, policy: policy, signature: .wrong, headers)?.outcome == .wrong)
    }

    @Test func whatCountedBeforeGoesOnUntilItsEnd() {
        let factor = SecondFactor(
            mode: .enforce, secrets: FactorSecrets(header: SecretHeader(name: Self.name, value: "the new value")),
            retired: .init(secrets: Self.secrets, end: Self.now))
        let headers = ["X-Hookgate-Secret": ["the value"]]
        #expect(self.outcome(factor, headers, at: Self.now - 1)?.outcome == .satisfied)
        #expect(self.outcome(factor, headers, at: Self.now)?.outcome == .wrong)
        #expect(self.outcome(factor, ["X-Hookgate-Secret": ["the new value"]])?.outcome == .satisfied)
        #expect(self.outcome(factor, ["X-Hookgate-Secret": ["another"]], at: Self.now - 1)?.outcome == .wrong)
    }

    @Test(arguments: [
        "", "X Secret", "X-Sécret", "X_Secret", "X-Secret:", "X-Secret\r\nHost", String(repeating: "x", count: 65),
        "Authorization", "host", "Content-Type", "jwt_key", "X-Hookgate-Probe", "x-webhook-signature", "Cookie",
        "X-Forwarded-For", "Transfer-Encoding", "expect",
    ])
    func nameThatIsNoneOrMeansSomethingElseIsNotTaken(name: String) {
        #expect(SecretHeaderName(name) == nil)
    }

    @Test(arguments: ["X-Hookgate-Secret", "x", "X-My.Secret~1", String(repeating: "x", count: 64)])
    func otherNamesAreTaken(name: String) {
        #expect(SecretHeaderName(name)?.text == name)
    }

    @Test func mintedSecretsAreTheRandomBytesAndAreNotPrinted() throws {
        let random = (0..<64).map { UInt8($0) }
        let minted = MintedSecrets(header: .standard, mintsJWTKey: true, random: random)
        #expect(
            minted.evolutionHeaders.map(\.name) == ["X-Hookgate-Secret", "jwt_key"]
                && minted.evolutionHeaders.map(\.value) == [
                    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
                ])
        #expect(!"\(minted)".contains("AAEC") && !String(reflecting: minted).contains("ICEi"))
        #expect(MintedSecrets(header: nil, mintsJWTKey: false, random: random).isEmpty)
    }
}
