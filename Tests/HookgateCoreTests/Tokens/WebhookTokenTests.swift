import HookgateCore
import HookgateTestSupport
import Testing

struct WebhookTokenTests {
    private static let example = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"

    private func random(_ seed: UInt64) -> WebhookToken {
        var random = SeededGenerator(seed: seed)
        return WebhookToken(randomBytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    @Test func theDesignsExampleIsMade() throws {
        let token = WebhookToken(randomBytes: Array(0...0x1F))
        #expect(token.secretText == Self.example)
        #expect(try #require(WebhookToken(Self.example)).isChecksummed)
    }

    @Test func oneChangedCharacterAnywhereIsRefused() {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        let characters = Array(Self.example)
        for place in 4..<characters.count {
            for other in alphabet where other != characters[place] {
                var changed = characters
                changed[place] = other
                #expect(WebhookToken(String(changed)) == nil, "place \(place), \(other)")
            }
        }
    }

    @Test(
        arguments: [
            "hgw_", String(example.dropLast()), example + "A", "hgw_" + String(repeating: "A", count: 49),
            example.replacing("h86oZqdX", with: "h86oZqd+"), example.replacing("AAEC", with: "AAE/"), " " + example,
            example + " ", example + "\n", example + "\0", "", "a b", "a/b", "a\tb", "a\u{7F}", "é\n",
            String(repeating: "a", count: 257),
        ])
    func whatCannotBeATokenIsRefused(_ text: String) {
        #expect(WebhookToken(text) == nil)
    }

    @Test(
        arguments: [
            "0123456789abcdef0123456789abcdef", "kJ3-_x9QmW2vB7nL5pR8tY1uI4oE6aSd", "x",
            String(repeating: "a", count: 256),
            "HGW_ABC", "hgw-x", "hgw",
        ])
    func tokensOfTheOldSystemStayAsTheyAre(_ text: String) throws {
        let token = try #require(WebhookToken(text))
        #expect(token.secretText == text)
        #expect(!token.isChecksummed)
    }

    @Test func madeTokensAreReadBackAndDiffer() {
        let texts = (0..<500).map { random(UInt64($0)).secretText }
        #expect(Set(texts).count == 500)
        for text in texts {
            #expect(text.utf8.count == 53)
            #expect(WebhookToken(text)?.secretText == text)
            #expect(WebhookToken(text.lowercased()) == nil)
        }
    }

    @Test func interpolationDoesNotPrintTheSecret() throws {
        let token = try #require(WebhookToken(Self.example))
        #expect("\(token)" == "hgw_AAEC…")
        #expect(token.masked == "hgw_AAEC…")
        #expect(String(reflecting: token).contains("ODxAREhMUFRYX") == false)
        var dumped = ""
        dump(token, to: &dumped)
        #expect(dumped.contains("ODxAREhMUFRYX") == false)
    }

    @Test(arguments: [("0123456789abcdef0123456789abcdef", "0123…"), ("abcdefgh", "ab…"), ("abc", "…"), ("a", "…")])
    func aShortTokenIsNotShownWhole(_ text: String, _ masked: String) throws {
        #expect(try #require(WebhookToken(text)).masked == masked)
    }

    @Test func digestIsSHA256OfTheWholeText() throws {
        let digest = try #require(WebhookToken("abc")).digest
        let hexadecimal = digest.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(digest.fingerprint == "ba7816bf")
        #expect(TokenDigest(of: "abc") == digest)
        #expect(TokenDigest(bytes: digest.bytes) == digest)
        #expect(TokenDigest(bytes: Array(digest.bytes.dropLast())) == nil)
        #expect(TokenDigest(bytes: digest.bytes + [0]) == nil)
    }

    @Test func fingerprintKeepsItsLeadingZeros() throws {
        let digest = try #require(TokenDigest(bytes: [0, 0, 0x0A] + Array(repeating: 0xFF, count: 29)))
        #expect(digest.fingerprint == "00000aff")
    }

    @Test func digestsDifferInEveryByte() throws {
        let bytes = TokenDigest(of: "abc").bytes
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 1
            #expect(try #require(TokenDigest(bytes: other)) != TokenDigest(of: "abc"))
        }
    }
}
