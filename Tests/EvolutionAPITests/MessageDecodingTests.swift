import EvolutionAPI
import FoundationEssentials
import HookgateCore
import Testing

struct MessageDecodingTests {
    private static let instant = Date(timeIntervalSince1970: 1_761_300_000)

    private static func event(_ name: String, _ data: String, more: String = "") throws -> EvolutionContentOf {
        EvolutionContentOf(
            try EvolutionEvent(Array(#"{"event":"\#(name)","instance":"clinic"\#(more),"data":\#(data)}"#.utf8)))
    }

    private static func message(_ message: String, key: String = #"{"id":"A1"}"#, more: String = "") throws -> Message {
        let data = #"{"key":\#(key),"message":\#(message)\#(more)}"#
        return try #require(try event("messages.upsert", data).messages?.first)
    }

    @Test(arguments: [
        "1761300000", "\"1761300000\"", "1761300000000", "\"1761300000000\"", "1.7613e9",
        #"{"low":1761300000,"high":0,"unsigned":true}"#, #"{"low":363408640,"high":410,"unsigned":false}"#,
        "\"2025-10-24T10:00:00Z\"", "\"2025-10-24T10:00:00.000Z\"", "\"2025-10-24T07:00:00-03:00\"",
    ])
    func everyShapeOfATimestampIsRead(_ written: String) throws {
        #expect(try Self.message("{}", more: #","messageTimestamp":\#(written)"#).sentAt == Self.instant)
    }

    @Test(arguments: [
        "0", "null", "1e400", "-1", "\"\"", "\"soon\"", "{}", "[]", #"{"low":-1,"high":0,"unsigned":true}"#,
        #"{"low":"1761300000","high":0}"#, #"{"low":0,"high":2147483647}"#, "99999999999999999999999999999999999",
        "9223372036854775807", "4102444800", "true",
    ])
    func aTimestampThatCannotBeTrueIsNone(_ written: String) throws {
        #expect(try Self.message("{}", more: #","messageTimestamp":\#(written)"#).sentAt == nil)
    }

    private static let addresses: [(text: String, kind: JID.Kind, phone: String?)] = [
        ("15550101001@s.whatsapp.net", .user, "+15550101001"), ("15550101001:75@s.whatsapp.net", .user, "+15550101001"),
        ("745311422038486@lid", .lid, nil), ("120363692661879058@g.us", .group, nil),
        ("15550100900-1620000000@g.us", .group, nil), ("status@broadcast", .broadcast, nil),
        ("120363000000000000@newsletter", .newsletter, nil), ("1@hosted", .other, nil),
        ("abc@s.whatsapp.net", .user, nil), ("1234567890123456789@s.whatsapp.net", .user, nil),
    ]

    @Test func onlyAUserHasAPhoneNumber() throws {
        for address in Self.addresses {
            let jid = try #require(JID(address.text))
            #expect(jid.kind == address.kind, "\(address.text)")
            #expect(jid.phone?.text == address.phone, "\(address.text)")
        }
    }

    @Test(arguments: ["", "@", "a@", "@lid", "a@b@c", "not a jid"])
    func whatIsNoAddressIsNone(_ text: String) {
        #expect(JID(text) == nil)
    }

    @Test func aLIDIsNeverTakenForAPhoneNumber() throws {
        let key = #"{"id":"A1","fromMe":false,"remoteJid":"745311422038486@lid"}"#
        let author = try #require(try Self.message(#"{"conversation":"Oi"}"#, key: key).author)
        #expect(author.phone == nil)
        #expect(author.name == "745311422038486@lid")
    }

    @Test func theOwnNumberIsNotTakenForTheContact() throws {
        let key = #"""
            {"id":"A1","fromMe":true,"remoteJid":"745311422038486@lid","remoteJidAlt":"15550100001@s.whatsapp.net"}
            """#
        let message = try Self.message(#"{"conversation":"Oi"}"#, key: key)
        #expect(message.direction == .outbound)
        #expect(message.key.contact(owner: JID("15550100001:3@s.whatsapp.net"))?.phone == nil)
    }

    @Test func newslettersAndBroadcastsHaveNoContact() throws {
        for chat in ["120363000000000000@newsletter", "status@broadcast", "1555@broadcast"] {
            let message = try Self.message("{}", key: #"{"id":"A1","fromMe":false,"remoteJid":"\#(chat)"}"#)
            #expect(message.key.contact(owner: nil) == nil)
            #expect(message.author == nil)
        }
    }

    @Test func wrappersAreOpenedToABoundedDepth() throws {
        func wrapped(_ depth: Int) -> String {
            (0..<depth).reduce(#"{"imageMessage":{"caption":"exame"}}"#) { inner, level in
                let name = ["viewOnceMessageV2", "ephemeralMessage", "documentWithCaptionMessage"][level % 3]
                return #"{"\#(name)":{"message":\#(inner)}}"#
            }
        }
        for depth in 1...5 {
            let content = try Self.message(wrapped(depth)).content
            guard case .media(let media) = content else {
                Issue.record("\(depth) wrappers give \(content)")
                continue
            }
            #expect(media.caption == "exame")
            #expect(media.isViewOnce)
        }
        #expect(try Self.message(wrapped(6)).content == .other("viewOnceMessageV2"))
        #expect(try Self.message(wrapped(160)).content.text == nil)
    }

    @Test func aQuoteInsideAWrapperIsFound() throws {
        let message = try Self.message(
            #"""
            {"ephemeralMessage":{"message":{"extendedTextMessage":{"text":"sim","contextInfo":{"stanzaId":"Q1",
            "participant":"15550101001@s.whatsapp.net","mentionedJid":["745311422038486@lid", 7, null]}}}}}
            """#)
        #expect(message.context?.quotedID == "Q1")
        #expect(message.context?.quotedAuthor?.phone?.text == "+15550101001")
        #expect(message.context?.mentions.map(\.kind) == [.lid])
    }

    @Test func deletedIsAnEditWhereOnlyTheStatusSaysSo() throws {
        let update = try Self.event("messages.update", #"{"keyId":"A1","status":"DELETED"}"#).event.content
        guard case .update(let update) = update else {
            Issue.record("\(update)")
            return
        }
        #expect(update.status == .reportedDeleted)
        #expect(update.status?.rank == nil)
    }

    @Test func receiptsHaveAnOrder() {
        let steps: [DeliveryStatus] = [.pending, .sent, .delivered, .read, .played]
        #expect(steps.compactMap(\.rank) == [0, 1, 2, 3, 4])
    }

    @Test func anUnknownKindKeepsItsNameAndItsData() throws {
        let event = try Self.event("payments.settled", #"{"amount":"10"}"#).event
        #expect(event.name == "payments.settled")
        #expect(event.content == .other)
        #expect(event.data?["amount"]?.string == "10")
        #expect(try Self.message(#"{"holographicMessage":{"x":1}}"#).content == .other("holographicMessage"))
    }

    @Test func someForksSendSeveralMessagesInOneEvent() throws {
        let event = try Self.event(
            "MESSAGES_UPSERT", #"[{"key":{"id":"A1"},"message":{"conversation":"um"}},{"key":{"id":"A2"}},{}]"#)
        #expect(event.messages?.map(\.key.id) == ["A1", "A2"])
        #expect(event.messages?.first?.content == .text("um"))
    }

    @Test func theGroupChangesOf236And237AreRead() throws {
        let objects = #"""
            {"id":"1@g.us","action":"add","author":null,"participants":[
            {"id":"745311422038486@lid","phoneNumber":"15550101001@s.whatsapp.net","admin":null}]}
            """#
        let garbled = #"""
            {"id":"1@g.us","action":"add","participants":[{"id":"745311422038486@lid"}],
            "participantsData":[{"jid":{"id":"745311422038486@lid"},"phoneNumber":"[object Object]"}]}
            """#
        for (data, phone) in [(objects, "+15550101001"), (garbled, nil)] {
            guard case .groupChange(let change) = try Self.event("group-participants.update", data).event.content else {
                Issue.record("no group change")
                continue
            }
            #expect(change.participants.map(\.jid.text) == ["745311422038486@lid"])
            #expect(change.participants.first?.phone?.text == phone)
        }
    }
}

/// An event with a short way to its messages.
private struct EvolutionContentOf {
    let event: EvolutionEvent

    init(_ event: EvolutionEvent) {
        self.event = event
    }

    var messages: [Message]? {
        guard case .messages(let messages) = event.content else { return nil }
        return messages
    }
}
