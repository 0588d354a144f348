import Fleet
import HookgateCore
import Testing

/// What a person's text is taken for.
struct ExplainSubjectTests {
    private static let token = WebhookToken(randomBytes: Array(0...31)).secretText

    private static func word(_ text: String) -> String {
        switch ExplainSubject(text) {
        case .event: "event"
        case .token(_, let suffix): "token \(suffix ?? "-")"
        case .impossibleToken: "impossible"
        case .instance(let name, let suffix): "instance \(name.text) \(suffix ?? "-")"
        case .nameOrToken: "name or token"
        case .body: "body"
        case .otherPath: "other path"
        case .nothing: "nothing"
        }
    }

    @Test(arguments: [
        (token, "token -"), (" \(token)\n", "token -"), (token + "x", "impossible"), ("hgw_short", "impossible"),
        ("https://hooks.example.com/webhooks/evolution/whatsapp/\(token)", "token -"),
        ("https://hooks.example.com/webhooks/evolution/whatsapp/\(token)/messages-upsert", "token messages-upsert"),
        ("/webhooks/evolution/whatsapp/\(token)?x=1", "token -"),
        ("hooks.example.com/webhooks/evolution/whatsapp/\(token)", "token -"),
        ("https://hooks.example.com/webhooks/evolution/whatsapp/\(token.dropLast())", "impossible"),
        ("http://h/webhooks/evolution/Cl%C3%ADnica%201/messages-upsert", "instance Clínica 1 messages-upsert"),
        ("http://h/webhooks/evolution/whatsapp", "instance whatsapp -"),
        ("http://h/webhooks/whatsapp", "body"), ("https://h/webhooks/evolution/", "body"),
        ("http://h/other/path", "other path"), ("https://h", "other path"),
        ("0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90", "event"), ("clinic-abc123", "name or token"),
        ("0123456789abcdef0123456789abcdef", "name or token"), ("", "nothing"), ("  \n", "nothing"),
    ])
    func textsAreReadForWhatTheyAre(text: String, expected: String) {
        #expect(Self.word(text) == expected)
    }
}
