import FoundationEssentials
import HookgateCore
import Testing

@testable import Console

struct AccessTests {
    private let signer = ConsoleSigner(key: [UInt8](repeating: 7, count: 32))

    @Test func aSignatureIsGoodForItsTextAndPurposeAlone() throws {
        let signed = signer.signed("secret", .session)
        #expect(signer.verified(signed, .session) == "secret")
        #expect(signer.verified(signed, .form) == nil)
        #expect(signer.verified("other" + signed.drop { $0 != "." }, .session) == nil)
        #expect(ConsoleSigner(key: [UInt8](repeating: 8, count: 32)).verified(signed, .session) == nil)
    }

    @Test(arguments: AccessSecret.Kind.allCases) func aSecretIsKnownByItsForm(kind: AccessSecret.Kind) throws {
        let secret = AccessSecret(kind, randomBytes: Array(0..<32))
        #expect(AccessSecret(secret.secretText)?.kind == kind)
        #expect(AccessSecret(String(secret.secretText.dropLast()) + "!") == nil)
        #expect(AccessSecret(secret.secretText + "A") == nil)
        #expect(!"\(secret)".contains(secret.secretText.suffix(20)))
    }

    @Test func guessesOfOneAddressAreLimited() {
        let limit = AttemptLimit()
        let now = Date(timeIntervalSince1970: 1_000)
        for _ in 0..<5 {
            #expect(limit.wait(of: "10.0.0.1", at: now) == nil)
            limit.failed("10.0.0.1", at: now)
        }
        #expect(limit.wait(of: "10.0.0.1", at: now) == 60)
        #expect(limit.wait(of: "10.0.0.2", at: now) == nil)
        #expect(limit.wait(of: "10.0.0.1", at: now.addingTimeInterval(61)) == nil)
    }

    @Test func guessesOfManyAddressesAreLimitedTogether() {
        let limit = AttemptLimit()
        let now = Date(timeIntervalSince1970: 1_000)
        for number in 0..<60 { limit.failed("10.0.0.\(number)", at: now) }
        #expect(limit.wait(of: "10.9.9.9", at: now) != nil)
    }

    @Test(arguments: [
        ("/events?state=parked", "/events?state=parked"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("https://evil.example", "/"), (nil, "/"), ("/a\nb", "/"),
    ])
    func signingInLeadsToAPageOfOursAlone(wanted: String?, destination: String) {
        #expect(SignInPages.destination(wanted) == destination)
    }
}
