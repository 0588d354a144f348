import HookgateCore
import Testing

struct WebhookAddressTests {
    private static let token = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"
    private static let base = "/webhooks/evolution"

    private enum Expected: Equatable {
        case token(String, String?)
        case instance(String, String?)
        case body(String?)

        init?(_ address: WebhookAddress?) {
            switch address?.target {
            case .token(let text): self = .token(text.text, address?.eventSuffix)
            case .instance(let name): self = .instance(name.text, address?.eventSuffix)
            case .body: self = .body(address?.eventSuffix)
            case nil: return nil
            }
        }
    }

    private static let accepted: [(String, Expected)] = [
        // Both routes, with and without the event.
        ("/whatsapp/\(token)", .token(token, nil)),
        ("/whatsapp/\(token)/messages-upsert", .token(token, "messages-upsert")),
        ("/whatsapp/0123456789abcdef0123456789abcdef", .token("0123456789abcdef0123456789abcdef", nil)),
        ("/clinica-aurora", .instance("clinica-aurora", nil)),
        ("/clinica-aurora/connection-update", .instance("clinica-aurora", "connection-update")),
        // How proxies and forks spell the event.
        ("/a/MESSAGES_UPSERT", .instance("a", "messages-upsert")),
        ("/a/messages.upsert", .instance("a", "messages-upsert")),
        ("/a/group-participants-update", .instance("a", "group-participants-update")),
        ("/a/event-of-tomorrow2", .instance("a", "event-of-tomorrow2")),
        ("/whatsapp/\(token)/event-of-tomorrow", .token(token, "event-of-tomorrow")),
        // Slashes too many, at any place.
        ("//a", .instance("a", nil)), ("/a/", .instance("a", nil)),
        ("/a//messages-upsert", .instance("a", "messages-upsert")),
        ("/whatsapp//\(token)//call/", .token(token, "call")),
        // Instances that are called like a part of the URL.
        ("/whatsapp", .instance("whatsapp", nil)), ("/whatsapp/", .instance("whatsapp", nil)),
        ("/whatsapp/messages-upsert", .instance("whatsapp", "messages-upsert")),
        ("/whatsapp/MESSAGES_UPSERT", .instance("whatsapp", "messages-upsert")),
        ("/whatsapp/new.jwt", .instance("whatsapp", "new-jwt")),
        ("/test", .instance("test", nil)), ("/test/call", .instance("test", "call")),
        ("/evolution", .instance("evolution", nil)), ("/webhooks/call", .instance("webhooks", "call")),
        ("/call", .instance("call", nil)), ("/call/call", .instance("call", "call")),
        ("/WhatsApp", .instance("WhatsApp", nil)), ("/WHATSAPP/call", .instance("WHATSAPP", "call")),
        // Only events that some release sends are told from a token.
        ("/whatsapp/event-of-tomorrow", .token("event-of-tomorrow", nil)),
        // Percent-encoding: decoded once, and never into structure.
        ("/Suporte%20Matriz", .instance("Suporte Matriz", nil)),
        ("/cl%C3%ADnica/call", .instance("clínica", "call")),
        ("/a%2Fb", .instance("a/b", nil)), ("/a%2fb/call", .instance("a/b", "call")),
        ("/..%2F..%2Fadmin", .instance("../../admin", nil)), ("/..", .instance("..", nil)), ("/.", .instance(".", nil)),
        ("/%252F", .instance("%2F", nil)), ("/a+b", .instance("a+b", nil)), ("/%3Fx=1", .instance("?x=1", nil)),
        ("/%23", .instance("#", nil)), ("/%F0%9F%A6%B7", .instance("🦷", nil)), ("/🦷", .instance("🦷", nil)),
        ("/%22a'b%22", .instance("\"a'b\"", nil)), ("/a;DROP%20TABLE", .instance("a;DROP TABLE", nil)),
        ("/%77hatsapp/\(token)", .token(token, nil)), ("/whatsapp/%68gw_x", .token("hgw_x", nil)),
        ("/a/call%2Dx", .instance("a", "call-x")),
        ("/\(String(repeating: "x", count: 200))", .instance(String(repeating: "x", count: 200), nil)),
        ("/\(String(repeating: "x", count: 512))", .instance(String(repeating: "x", count: 512), nil)),
        ("/A-z_0.9~", .instance("A-z_0.9~", nil)),
        // A query is ignored, even where Evolution appends the event to it.
        ("/a?x=1", .instance("a", nil)), ("/a?x=1/messages-upsert", .instance("a", nil)), ("/a?", .instance("a", nil)),
        ("/a?\u{301}x", .instance("a", nil)), ("/a/call?%zz", .instance("a", "call")),
        ("/whatsapp/\(token)?apikey=k", .token(token, nil)), ("/a#x", .instance("a", nil)),
    ]

    @Test(arguments: accepted.indices)
    func webhookPathsAreRead(_ index: Int) {
        let (path, expected) = Self.accepted[index]
        #expect(Expected(WebhookAddress(requestTarget: Self.base + path)) == expected, "\(path)")
    }

    @Test(
        arguments: [
            "", "/", "/webhooks", "/Webhooks/evolution/a", "/webhooks/Evolution/a", "/webhooks/whatsapp/a",
            "/webhooks/whatsapp/messages-upsert/a", "/webhooks/whatsapp/\(token)", "/webhooks/WhatsApp",
            "/webhooks/other",
            "/api/webhooks/evolution/a", "/webhooks%2Fevolution/a", "/%77ebhooks/evolution/a", "/evolution/a",
            // Too many segments, or an event that cannot be one.
            "\(base)/a/b/c", "\(base)/whatsapp/\(token)/call/x", "\(base)/a/messages upsert", "\(base)/a/%2F",
            "\(base)/a/caf%C3%A9", "\(base)/a/\(String(repeating: "x", count: 65))", "\(base)/a/call%00",
            "\(base)/whatsapp/\(token)/caf%C3%A9",
            // A token where an event belongs must not be taken for one: it would be stored in clear.
            "\(base)/WhatsApp/\(token)", "\(base)/whatsapp/x/\(token)", "\(base)/a/HGW_x",
            // Escapes that are cut, malformed, or no UTF-8.
            "\(base)/a%", "\(base)/a%2", "\(base)/a%2/b", "\(base)/%zz", "\(base)/%C3", "\(base)/%C3%28",
            "\(base)/%ED%A0%80",
            "\(base)/a/call%",
            // No database can hold a zero, and no server such a name.
            "\(base)/a%00b", "\(base)/whatsapp/%00", "\(base)/\(String(repeating: "x", count: 513))",
            "\(base)/whatsapp/\(String(repeating: "x", count: 513))",
        ])
    func otherPathsAreNotOurs(_ target: String) {
        #expect(WebhookAddress(requestTarget: target) == nil)
    }

    @Test(
        arguments: [
            ("/webhooks/whatsapp", nil), ("/webhooks/whatsapp/", nil), ("/webhooks//evolution", nil),
            ("/webhooks/evolution", nil), ("/webhooks/evolution/", nil), ("/webhooks/evolution?a", nil),
            ("/webhooks/whatsapp/messages-upsert", "messages-upsert"), ("/webhooks/whatsapp/CALL?x", "call"),
        ] as [(String, String?)])
    func theOldestPathsNameNobody(_ target: String, suffix: String?) throws {
        let address = try #require(WebhookAddress(requestTarget: target))
        #expect(Expected(address) == .body(suffix))
        #expect(address.route == .instance)
    }

    @Test func whatMayBeAWebhookForAllIsReadAsThat() {
        func global(_ path: String) -> Expected? {
            Expected(WebhookAddress(requestTarget: Self.base + path)?.asGlobalWebhook)
        }
        #expect(global("/messages-upsert") == .body("messages-upsert"))
        #expect(global("/whatsapp") == .body(nil))
        #expect(global("/whatsapp/call") == .body("call"))
        for path in ["/clinica-aurora", "/event-of-tomorrow", "/call/call", "/whatsapp/\(Self.token)", "", "/test"] {
            #expect(global(path) == nil, "\(path)")
        }
    }

    @Test func theRouteIsThatOfTheTarget() throws {
        #expect(try #require(WebhookAddress(requestTarget: "\(Self.base)/whatsapp/\(Self.token)")).route == .token)
        #expect(try #require(WebhookAddress(requestTarget: "\(Self.base)/whatsapp")).route == .instance)
    }

    @Test func printingAnAddressDoesNotPrintItsToken() throws {
        let address = try #require(WebhookAddress(requestTarget: "\(Self.base)/whatsapp/\(Self.token)/call"))
        var dumped = ""
        dump(address, to: &dumped)
        for text in ["\(address)", String(reflecting: address), dumped] {
            #expect(!text.contains("ODxAREhMUFRYX"))
        }
        #expect("\(address.target)".contains("hgw_AAEC…"))
    }
}
