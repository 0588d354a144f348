import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

struct DedupeKeysTests {
    private static let clinic = IntegrationID(UUID())

    private static func keys(
        _ body: [UInt8], integration: IntegrationID? = clinic, instance: String? = "clinic",
        _ disposition: AcceptedEvent.Disposition = .pending
    ) throws -> DedupeKeys {
        DedupeKeys(
            AcceptedEvent(
                id: EventID(UUID()), receivedAt: Date(), route: .token, eventSuffix: nil, disposition: disposition,
                integrationID: integration, organizationID: nil, clinicID: nil,
                instanceName: instance.map { InstanceName($0) }, facts: try BodyScanner.scan(body), body: body))
    }

    /// A body of Evolution's form; a time or a URL of nil leaves that member out.
    private static func body(
        _ event: String, _ data: String, at time: String? = "2026-01-01T00:00:00.000Z", url: String? = "https://a"
    ) -> [UInt8] {
        let time = time.map { #","date_time":"\#($0)""# } ?? ""
        let url = url.map { #","destination":"\#($0)""# } ?? ""
        return Array(#"{"event":"\#(event)","instance":"clinic","data":\#(data)\#(url)\#(time)}"#.utf8)
    }

    private static let later = "2026-01-01T00:00:09.000Z"

    @Test func equalBytesAreARetryAmongTheSameSendersEventsAlone() throws {
        let body = try Fixtures.bytes("evolution/v236_retry-1.json")
        let keys = try Self.keys(body)
        #expect(keys.retry?.count == 32)
        #expect(keys.copy?.count == 32)
        #expect(keys.copy != keys.retry)
        #expect(try Self.keys(body) == keys)
        let other = try Self.keys(body, integration: IntegrationID(UUID()))
        #expect(other.retry != keys.retry && other.copy != keys.copy)
        #expect(try Self.keys(body, .probe) == Self.keys(body, integration: nil, instance: nil))
        #expect(try Self.keys(body, .probe).retry == nil)
    }

    @Test func aHeldEventNeverStandsForOneThatMayBeDelivered() throws {
        let body = try Fixtures.bytes("evolution/v236_retry-1.json")
        let held = try Self.keys(body, .quarantined(.integrationDisabled))
        #expect(try held.retry != Self.keys(body).retry)
        #expect(try held.copy != Self.keys(body).copy)
        #expect(try held == Self.keys(body, .quarantined(.noClinic)))
    }

    @Test func withoutAnIntegrationOnlyEqualBytesCount() throws {
        let body = try Fixtures.bytes("evolution/v236_retry-1.json")
        let keys = try Self.keys(body, integration: nil, .undecided(.instance(InstanceName("clinic"))))
        #expect(keys.retry != nil)
        #expect(keys.copy == nil)
        #expect(try Self.keys(body, integration: nil, instance: "other").retry != keys.retry)
    }

    @Test func theSameMessageOnTheOtherURLIsACopy() throws {
        let one = try Self.keys(Fixtures.bytes("evolution/v236_retry-1.json"))
        let two = try Self.keys(Fixtures.bytes("evolution/v236_retry-3-other-destination.json"))
        #expect(one.copy == two.copy)
        #expect(one.retry != two.retry)
    }

    private static let text = #"{"key":{"id":"A","fromMe":false},"message":{"conversation":"um"}"#

    @Test(arguments: [
        // What differs between two copies of one message.
        ("messages.upsert", text + "}", text + #","status":"READ","pushName":"Ana","chatwootMessageId":7}"#),
        ("messages.upsert", text + "}", text + #","chatwoot":{"x":[{}]}}"#),
        (
            "messages.upsert", #"{"key":{"id":"A"},"message":{"mediaUrl":"https://s3/1?sig=a","x":1}}"#,
            #"{"key":{"id":"A"},"message":{"mediaUrl":"https://s3/1?sig=b","x":1}}"#
        ),
        (
            "messages.update", #"{"keyId":"A","remoteJid":"1@s.whatsapp.net","status":"READ"}"#,
            #"{"keyId":"A","remoteJid":"2@lid","status":"READ","messageId":"row"}"#
        ),
        (
            "messages.edited", #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"},"timestampMs":"1"}"#,
            #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"},"timestampMs":"1"}"#
        ),
        ("messages.delete", #"{"id":"A","fromMe":true}"#, #"{"id":"A","fromMe":true}"#),
    ])
    func copiesShareAKey(_ event: String, _ one: String, _ two: String) throws {
        let first = try Self.keys(Self.body(event, one))
        let second = try Self.keys(Self.body(event, two, at: Self.later, url: "https://b"))
        #expect(first.copy == second.copy)
        #expect(first.retry != second.retry)
        #expect(first.copy != nil)
    }

    @Test(arguments: [
        // Two events, however alike.
        ("messages.upsert", text + "}", text + #","contextInfo":{}}"#),
        (
            "messages.upsert", #"{"key":{"id":"A"},"message":{"x":1}}"#,
            #"{"key":{"id":"A"},"message":{"x":1,"mediaUrl":"https://s3"}}"#
        ),
        ("messages.upsert", #"{"key":{"id":"A"},"x":[1,2]}"#, #"{"key":{"id":"A"},"x":[12]}"#),
        ("messages.upsert", #"{"key":{"id":"A"},"x":"1"}"#, #"{"key":{"id":"A"},"x":1}"#),
        ("messages.upsert", #"{"key":{"id":"A"},"x":{"y":1}}"#, #"{"key":{"id":"A"},"x":{},"y":1}"#),
        ("messages.upsert", text + "}", #"{"key":{"id":"A","fromMe":false},"message":{"conversation":"dois"}}"#),
        ("messages.upsert", text + "}", #"{"key":{"id":"A","fromMe":true},"message":{"conversation":"um"}}"#),
        ("messages.upsert", text + "}", #"{"key":{"id":"B","fromMe":false},"message":{"conversation":"um"}}"#),
        ("messages.update", #"{"keyId":"A","status":"SERVER_ACK"}"#, #"{"keyId":"A","status":"DELIVERY_ACK"}"#),
        (
            "messages.update", #"{"keyId":"A","status":"READ","participant":"1@lid"}"#,
            #"{"keyId":"A","status":"READ","participant":"2@lid"}"#
        ),
        // An edit or a vote that some releases report as an acknowledgement, twice.
        ("messages.update", #"{"keyId":"A","status":"DELETED"}"#, #"{"keyId":"A","status":"DELETED"}"#),
        (
            "messages.update", #"{"keyId":"A","status":"SERVER_ACK","message":{"conversation":"x"}}"#,
            #"{"keyId":"A","status":"SERVER_ACK","message":{"conversation":"x"}}"#
        ),
        (
            "messages.update", #"{"keyId":"A","pollUpdates":[{"name":"x"}]}"#,
            #"{"keyId":"A","pollUpdates":[{"name":"x"}]}"#
        ),
        // A, then B, then A again; here without a time of their own.
        (
            "messages.edited", #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"}}"#,
            #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"}}"#
        ),
        (
            "messages.edited", #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"},"timestampMs":"1"}"#,
            #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"},"timestampMs":"2"}"#
        ),
    ])
    func differentEventsShareNoKey(_ event: String, _ one: String, _ two: String) throws {
        let first = try Self.keys(Self.body(event, one))
        let second = try Self.keys(Self.body(event, two, at: Self.later))
        #expect(first.copy != nil && second.copy != nil)
        #expect(first.copy != second.copy)
        #expect(first.retry != second.retry)
    }

    /// An imitator stamps no time: what it says twice it may mean twice.
    @Test(arguments: [
        ("connection.update", #"{"state":"open"}"#, false),
        ("messages.update", #"{"keyId":"A","status":"READ"}"#, true),
        ("messages.update", #"{"keyId":"A","status":"DELETED"}"#, false), ("messages.upsert", text + "}", true),
        ("messages.edited", #"{"key":{"id":"A"},"editedMessage":{"conversation":"x"}}"#, false),
        ("messages.edited", #"{"key":{"id":"A"},"editedMessage":{},"timestampMs":{"low":1,"high":0}}"#, true),
        ("messages.edited", #"{"key":{"id":"A"},"editedMessage":{},"timestampMs":null}"#, false),
    ])
    func withoutATimeOnlyWhatHappensOnceHasAKey(_ event: String, _ data: String, _ hasKey: Bool) throws {
        let keys = try Self.keys(Self.body(event, data, at: nil))
        #expect((keys.retry != nil) == hasKey)
        #expect((keys.copy != nil) == hasKey)
        // Stamped, it has one.
        #expect(try Self.keys(Self.body(event, data)).retry != nil)
    }

    @Test func theImitatorWithoutEventNamesHasKeysForItsMessages() throws {
        let keys = try Self.keys(Fixtures.bytes("evolution/customA_message_text.json"))
        #expect(keys.retry != nil && keys.copy != nil)
        #expect(try Self.keys(Fixtures.bytes("evolution/customB_connection-update_open.json")).retry == nil)
    }

    /// No two of the recorded bodies are one event but those that the manifest calls so.
    @Test func theFixturesAreAllDifferentButOne() throws {
        var copies: [[UInt8]: [String]] = [:]
        for fixture in try Fixtures.evolution() {
            let keys = try Self.keys(fixture.bytes(), instance: fixture.expected.instance)
            if let copy = keys.copy { copies[copy, default: []].append(fixture.file) }
        }
        #expect(
            copies.values.filter { $0.count > 1 } == [["v236_retry-1.json", "v236_retry-3-other-destination.json"]])
    }
}
