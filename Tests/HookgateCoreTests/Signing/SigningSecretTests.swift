import FoundationEssentials
import HookgateCore
import Testing

struct SigningSecretTests {
    private static let seed = [UInt8](0..<32)

    private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    @Test(arguments: [24, 32, 64])
    func sharedSecretHasTwentyFourToSixtyFourBytes(count: Int) throws {
        let text = "whsec_" + base64([UInt8](repeating: 7, count: count))
        #expect(try SigningSecret(text).secretText == text)
        #expect(try SigningSecret(text).kind == .shared)
    }

    @Test func prefixOfSharedSecretMayBeMissing() throws {
        let text = base64(Self.seed)
        #expect(try SigningSecret(text) == SigningSecret("whsec_" + text))
    }

    @Test func privateKeyIsTheSeedAloneOrWithItsPublicHalf() throws {
        let alone = try SigningSecret("whsk_" + base64(Self.seed))
        let publicHalf = try #require(Data(base64Encoded: String(alone.verifierText.dropFirst(5))))
        let whole = try SigningSecret("whsk_" + base64(Self.seed + publicHalf))
        #expect(alone.kind == .ed25519)
        #expect(whole.verifierText == alone.verifierText)
        #expect(throws: SigningSecretFlaw.halvesDisagree) {
            try SigningSecret("whsk_" + base64(Self.seed + Self.seed))
        }
    }

    @Test(arguments: [
        ("whsec_" + Data(repeating: 1, count: 23).base64EncodedString(), SigningSecretFlaw.wrongLength(bytes: 23)),
        ("whsec_" + Data(repeating: 1, count: 65).base64EncodedString(), .wrongLength(bytes: 65)),
        ("whsk_" + Data(repeating: 1, count: 31).base64EncodedString(), .wrongLength(bytes: 31)),
        ("whpk_" + Data(repeating: 1, count: 32).base64EncodedString(), .publicHalf),
        ("whsec_ not base64", .notBase64), ("correct horse battery staple", .notBase64),
        ("", .wrongLength(bytes: 0)),
        ("whsec_" + String(repeating: "A", count: 4_000_000), .notBase64),
    ])
    func anythingElseIsRefusedWithItsReason(text: String, flaw: SigningSecretFlaw) {
        #expect(throws: flaw) { try SigningSecret(text) }
    }

    @Test(arguments: SigningSecret.Kind.allCases)
    func mintedSecretsDifferAndReadBack(kind: SigningSecret.Kind) throws {
        let secrets = (0..<4).map { _ in SigningSecret(minting: kind) }
        #expect(Set(secrets.map(\.secretText)).count == secrets.count)
        for secret in secrets { #expect(try SigningSecret(secret.secretText).kind == kind) }
    }

    @Test(arguments: SigningSecret.Kind.allCases)
    func printingShowsFourCharactersOfTheSecret(kind: SigningSecret.Kind) {
        let secret = SigningSecret(minting: kind)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.contains(secret.secretText.dropFirst(11).prefix(8)))
        }
        #expect("\(secret)".hasSuffix("…"))
    }

    @Test func changeKeepsTheNewestOfBefore() throws {
        let (first, second, third) = (
            SigningSecret(minting: .shared), SigningSecret(minting: .shared), SigningSecret(minting: .ed25519)
        )
        let changed = try SigningSecrets([first]).rotated(to: second).rotated(to: third)
        #expect(changed.secrets == [third, second])
        #expect(changed.settled.secrets == [third])
        #expect(try SigningSecrets(changed.secretText) == changed)
    }

    @Test func secretsAreOneToFive() throws {
        let texts = (0..<6).map { _ in SigningSecret(minting: .shared).secretText }
        #expect(try SigningSecrets(texts.prefix(5).joined(separator: ", ")).secrets.count == 5)
        #expect(throws: SigningSecretFlaw.tooMany(limit: 5)) { try SigningSecrets(texts.joined(separator: " ")) }
        #expect(throws: SigningSecretFlaw.none) { try SigningSecrets("  ") }
    }
}
