import EvolutionAPI
import HookgateCore
import Testing

struct WebhookBodyTests {
    private static let settings = EvolutionWebhookSettings(
        url: "https://a.example/x", isEnabled: true, events: ["MESSAGES_UPSERT"], byEvents: true, base64: false,
        headers: [EvolutionMember(name: "X-\"Any", json: "\"v\"")],
        others: [EvolutionMember(name: "kept", json: "{\"deep\":1e400}")])

    @Test(arguments: [
        (
            EvolutionDialect.flatSnake,
            #"{"enabled":true,"url":"https://a.example/x","webhook_by_events":true,"webhook_base64":false,"#
                + #""events":["MESSAGES_UPSERT"],"kept":{"deep":1e400}}"#
        ),
        (
            .flatCamel,
            #"{"enabled":true,"url":"https://a.example/x","webhookByEvents":true,"webhookBase64":false,"#
                + #""events":["MESSAGES_UPSERT"]}"#
        ),
        (
            .nested,
            #"{"webhook":{"enabled":true,"url":"https://a.example/x","headers":{"X-\"Any":"v"},"byEvents":true,"#
                + #""base64":false,"events":["MESSAGES_UPSERT"]}}"#
        ),
    ])
    func everyReleaseGetsItsOwnForm(dialect: EvolutionDialect, body: String) throws {
        #expect(String(decoding: try WebhookBody.encode(Self.settings, dialect: dialect), as: UTF8.self) == body)
    }

    @Test(arguments: EvolutionDialect.allCases)
    func enabledWithoutEventsIsNeverSent(dialect: EvolutionDialect) {
        var settings = Self.settings
        settings.events = []
        #expect(throws: EvolutionFailure.eventsMissing) { try WebhookBody.encode(settings, dialect: dialect) }
        let draft = EvolutionInstanceDraft(name: InstanceName("a"), webhook: settings)
        #expect(throws: EvolutionFailure.eventsMissing) { try InstanceBody.encode(draft, dialect: dialect) }
    }

    @Test func switchingOffSendsAURLThatEveryReleaseAccepts() throws {
        let off = EvolutionWebhookSettings(url: "", isEnabled: false, events: [])
        let body = String(decoding: try WebhookBody.encode(off, dialect: .flatSnake), as: UTF8.self)
        #expect(body.contains(#""enabled":false,"url":"https://disabled.invalid/""#))
    }

    @Test func whatIsReadCanBeSentBack() throws {
        for (answer, dialect) in [
            (
                #"{"enabled":true,"url":"u","events":["A"],"webhook_by_events":true,"extra":[1, 2]}"#,
                EvolutionDialect.flatSnake
            ),
            (
                #"{"id":"c","url":"u","headers":{"a":"\u0062"},"enabled":true,"events":["A"],"webhookByEvents":true,"#
                    + #""webhookBase64":false,"createdAt":"","updatedAt":"","instanceId":"i"}"#, .nested
            ),
        ] {
            let webhook = try #require(WebhookBody.decode(JSONDocument(Array(answer.utf8))))
            let settings = try #require(webhook.settings)
            #expect(webhook.text == answer)
            #expect(settings.url == "u" && settings.byEvents && !settings.base64)
            #expect(settings.others.map(\.json) == (dialect == .flatSnake ? ["[1, 2]"] : []))
            #expect(settings.headers.map(\.json) == (dialect == .nested ? ["\"b\""] : []))
            #expect(try EvolutionDialect(settings: JSONDocument(Array(answer.utf8)).root) == dialect)
        }
    }

    @Test func nullIsNoWebhookAndSomethingElseIsNoAnswer() throws {
        #expect(try WebhookBody.decode(JSONDocument(Array("null".utf8)))?.settings == nil)
        for text in ["[]", "{}", #"{"enabled":"yes"}"#, "1"] {
            #expect(try WebhookBody.decode(JSONDocument(Array(text.utf8))) == nil, "\(text)")
        }
    }

    @Test func namesArePercentEncoded() throws {
        #expect(EvolutionRequest.webhook(of: InstanceName("a/b ç?")).path == "/webhook/find/a%2Fb%20%C3%A7%3F")
        #expect(EvolutionRequest.connect(InstanceName("a"), number: "+1").path == "/instance/connect/a?number=%2B1")
    }

    @Test(arguments: [
        #"{"instance":{"instanceName":"a","instanceId":"i","status":"open","owner":"15550101001@s.whatsapp.net"}}"#,
        #"[{"instance":{"instanceName":"a","instanceId":"i","status":"open","owner":"15550101001@s.whatsapp.net"}}]"#,
        #"[{"id":"i","name":"a","connectionStatus":"open","ownerJid":"15550101001@s.whatsapp.net","token":"T"}]"#,
    ])
    func instancesAreReadFromListsAndAlone(text: String) throws {
        let instance = try #require(InstanceBody.instances(JSONDocument(Array(text.utf8)).root)?.first)
        #expect(instance.name == InstanceName("a") && instance.id == "i" && instance.connection == .open)
        #expect(instance.owner == PhoneNumber("+15550101001"))
    }

    @Test func aListOfSomethingElseIsNoListOfInstances() throws {
        #expect(try InstanceBody.instances(JSONDocument(Array("[{}]".utf8)).root) == nil)
        #expect(try InstanceBody.instances(JSONDocument(Array("{}".utf8)).root) == nil)
        #expect(try InstanceBody.instances(JSONDocument(Array("[]".utf8)).root) == [])
    }

    @Test func connectBringsACodeOrSaysWhyNot() throws {
        func answer(_ text: String) throws -> EvolutionConnectAnswer? {
            try InstanceBody.connectAnswer(JSONDocument(Array(text.utf8)).root)
        }
        #expect(
            try answer(#"{"pairingCode":"WZYEH1YY","code":"2@x","base64":"data:y","count":1}"#)
                == .pair(EvolutionPairing(qrText: "2@x", qrImage: "data:y", pairingCode: "WZYEH1YY")))
        #expect(try answer(#"{"count":0}"#) == .waiting)
        #expect(try answer(#"{"instance":{"instanceName":"a","state":"open"}}"#) == .alreadyOpen)
        #expect(throws: EvolutionFailure.serverFault(status: 200, reason: "no session")) {
            try answer(#"{"error":true,"message":"no session"}"#)
        }
    }

    @Test func aReasonHoldsNoURLAndNoToken() {
        let body = #"{"response":{"message":[["bad https://h/hgw_abc and hgw_def \u001b[1m","next"]]}}"#
        let answer = EvolutionAnswer(status: 400, body: Array(body.utf8))
        #expect(
            throws: EvolutionFailure.refused(status: 400, reason: #"bad … and … \u{1b}[1m; next"#)
        ) { try answer.document(for: .welcome) }
    }
}
