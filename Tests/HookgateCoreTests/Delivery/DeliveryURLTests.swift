import FoundationEssentials
import HookgateCore
import Testing

struct DeliveryURLTests {
    private func content(
        _ format: Destination.Format = .evolution, instance: String? = "clinic", suffix: String? = nil,
        kind: String? = nil
    ) throws -> DeliveryContent {
        let event = DeliveryEvent(
            id: EventID(UUID()), receivedAt: Date(), integrationID: nil, organizationID: nil, clinicID: nil,
            instanceName: instance.map { InstanceName($0) }, route: .instance, kind: kind, eventSuffix: suffix,
            chat: nil, messageID: nil)
        let destination = Destination(id: .default, kind: .webhook(url: ""), format: format)
        let task = DeliveryTask(
            event: event, body: Array("{}".utf8), destination: destination, attempt: 3, isOrphan: true)
        return try DeliveryComposer(normaliser: NothingIsSaid()) { nil }.content(of: task, at: Date())
    }

    private struct NothingIsSaid: EventNormaliser {
        func normalised(_ body: [UInt8]) -> NormalisedEvent? { NormalisedEvent(kind: nil, messages: []) }
    }

    @Test(
        arguments: [
            ("http://backend.internal", nil, "http://backend.internal/webhooks/evolution/clinic"),
            (
                "http://backend.internal/", "messages-upsert",
                "http://backend.internal/webhooks/evolution/clinic/messages-upsert"
            ),
            ("HTTPS://Backend.Example.ORG:8443", nil, "https://backend.example.org:8443/webhooks/evolution/clinic"),
            ("https://n8n.example.org/webhook/abc", nil, "https://n8n.example.org/webhook/abc"),
            ("https://n8n.example.org/hook/", "messages-upsert", "https://n8n.example.org/hook/messages-upsert"),
            ("https://a.org/in/{instance}?key=1", "call", "https://a.org/in/clinic/call?key=1"),
            ("http://[::1]:9000", nil, "http://[::1]:9000/webhooks/evolution/clinic"),
            ("http://user:p%40ss@a.org", nil, "http://a.org/webhooks/evolution/clinic"),
        ] as [(String, String?, String)])
    func evolutionFormatGoesToTheOriginalPathUnlessTheAddressHasOne(
        url: String, suffix: String?, expected: String
    ) throws {
        #expect(try DeliveryURL(url).text(content(suffix: suffix).path) == expected)
    }

    @Test(arguments: [
        ("http://a.org", "http://a.org/"), ("http://a.org/in", "http://a.org/in"),
        ("http://a.org/in/", "http://a.org/in/"), ("http://a.org/{instance}", "http://a.org/clinic"),
    ])
    func envelopeGoesToTheAddressItself(url: String, expected: String) throws {
        #expect(try DeliveryURL(url).text(content(.envelope, suffix: "messages-upsert").path) == expected)
    }

    @Test(arguments: [("a/../b ü?", "a%2F..%2Fb%20%C3%BC%3F"), ("..", "%2E%2E"), (".", "%2E")])
    func instanceNameIsOneSegment(name: String, segment: String) throws {
        let url = try DeliveryURL("http://a.org").text(content(instance: name).path)
        #expect(url == "http://a.org/webhooks/evolution/\(segment)")
    }

    @Test func credentialsLeaveTheAddress() throws {
        #expect(try DeliveryURL("http://user:p%40ss@a.org").credentials == "user:p@ss")
        #expect(try DeliveryURL("http://a.org").credentials == nil)
    }

    @Test(arguments: [
        ("ftp://a.org", DeliveryURLFlaw.notHTTP), ("a.org/in", .notHTTP), ("unix:///run/x", .notHTTP),
        ("http+unix://%2Frun%2Fx", .notHTTP), ("http://", .noHost), ("http:///in", .noHost), ("http://a b", .notPlain),
        ("http://exämple.org", .notPlain), ("http://a.org:0", .badPort), ("http://a.org:70000", .badPort),
        ("http://a.org:80x", .badPort), ("http://a.org/#x", .hasFragment), ("http://a%2eorg", .noHost),
        ("http://[::1", .noHost), ("http://[::g]", .noHost), ("http://a.org\\@b.org/", .notPlain),
        ("http://" + String(repeating: "a", count: 3_000), .tooLong(limit: 2_000)),
    ])
    func anythingElseIsRefusedWithItsReason(text: String, flaw: DeliveryURLFlaw) {
        #expect(throws: flaw) { try DeliveryURL(text) }
    }

    @Test func headersSayWhatTheBodyCannotSay() throws {
        let headers = try content(kind: "MESSAGES_UPSERT").headers
        let values = Dictionary(headers.map { ($0.name, $0.value) }) { $1 }
        #expect(values["x-hookgate-attempt"] == "3")
        #expect(values["x-hookgate-kind"] == "messages.upsert")
        #expect(values["x-hookgate-orphan"] == "true")
        #expect(values["x-hookgate-clinic-id"] == nil)
    }

    @Test(arguments: ["two words", "line\r\nx-injected: 1", "ü", "", String(repeating: "a", count: 65)])
    func kindThatIsNoWordStaysOutOfTheHeaders(kind: String) throws {
        #expect(try !content(kind: kind).headers.contains { $0.name == "x-hookgate-kind" })
    }
}
