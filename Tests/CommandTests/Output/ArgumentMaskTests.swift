import HookgateCore
import Testing

@testable import HookgateCommands

struct ArgumentMaskTests {
    private static let token = WebhookToken(randomBytes: Array(0...31)).secretText
    private static let inherited = "0badcafe0badcafe0badcafe0badcafe"

    @Test(arguments: [
        token, "http://h/webhooks/evolution/whatsapp/\(token)?x=1", "--instance=\(token)", String(token.dropLast(9)),
        inherited, "whsec_MDEyMzQ1Njc4OWFiY2RlZg/+==", "--secret=whsk_abc/def",
    ])
    func secretsAreNotRepeated(argument: String) {
        let mask = ArgumentMask(["tokens", argument])
        let said = mask.masked("Error: Unexpected argument '\(argument)'")
        for secret in [String(Self.token.dropLast(9)), Self.inherited, "MDEyMzQ1", "abc/def"] {
            #expect(!said.contains(secret), "\(said)")
        }
        #expect(said.hasPrefix("Error: Unexpected argument '") && said.contains("…"))
    }

    @Test(arguments: ["clinic-abc123", "consultorio_dra_patricia_alves_2", "--no-such-flag", "/var/lib/hookgate/spool"])
    func namesAreSaidAsTheyAre(argument: String) {
        #expect(ArgumentMask(["tokens", argument]).masked("'\(argument)'") == "'\(argument)'")
    }

    @Test func aSecretInsideAnotherIsMaskedWithIt() {
        let longer = Self.inherited + "1"
        #expect(ArgumentMask([Self.inherited, longer]).masked(longer).hasSuffix("…"))
    }
}
