import HookgateCore
import Testing

struct SwitchOverURLTests {
    private static let token = WebhookToken(randomBytes: Array(0..<32))

    private static func flaw(_ url: String, token: WebhookToken = token) throws -> PublicURL.SwitchOverFlaw? {
        try PublicURL(url).switchOverFlaw(token: token)
    }

    @Test(arguments: [
        "https://localhost", "http://localhost:8080", "https://127.0.0.1/x", "https://127.9.9.9", "https://[::1]:443",
        "https://0.0.0.0", "https://api.localhost", "https://user@localhost", "https://LOCALHOST./x", "https://127.1",
        "https://0x7f.0.0.1", "https://2130706433", "https://[::]", "https://[0:0:0:0:0:0:0:1]:8080",
        "https://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]", "https://[::1%25lo]", "https://0177.0.0.1",
        "https://[::127.0.0.1]", "https://017700000001",
    ])
    func theMachinesOwnNameIsNoPublicURL(url: String) throws {
        #expect(try Self.flaw(url) == .loopback)
    }

    @Test func onlyHTTPSIsPublic() throws {
        #expect(try Self.flaw("http://hooks.example.com") == .notHTTPS)
        #expect(try Self.flaw("https://hooks.example.com/base") == nil)
        for host in [
            "localhost.example.com", "127.example.com", "128.0.0.1", "10.0.0.1", "0.example.com", "[2001:db8::1]",
            "[::ffff:10.0.0.1]", "[::ffff:a00:1]", "[fe80::1]",
        ] { #expect(try Self.flaw("https://\(host)") == nil, "\(host)") }
    }

    @Test func aURLThatEvolutionCannotStoreIsRefused() throws {
        let long = try #require(WebhookToken(String(repeating: "x", count: 256)))
        let url = "https://hooks.example.com/" + String(repeating: "p", count: 250)
        #expect(try Self.flaw(url) == nil)
        #expect(try Self.flaw(url, token: long) == .tooLong(characters: 276 + 29 + 256))
    }
}
