import FoundationEssentials
import HookgateCore
import Testing

@testable import Delivery

struct EventSelectionTests {
    private static func reason(
        _ selection: EventSelection, kind: String? = "messages.upsert", chat: String? = "5511@s.whatsapp.net",
        isOwn: Bool = false
    ) -> FilterReason? {
        selection.reason(against: Sample.event(kind: kind, chat: chat)) { isOwn }
    }

    @Test(arguments: [
        ("status@broadcast", FilterReason.statusBroadcast), ("1203@newsletter", .newsletter), ("1203@g.us", nil),
        ("5511@s.whatsapp.net", nil), ("77@lid", nil),
    ])
    func storiesAndChannelsAreLeftOutUnlessWanted(chat: String, reason: FilterReason?) {
        #expect(Self.reason(.sensible, chat: chat) == reason)
        #expect(Self.reason(.everything, chat: chat) == nil)
    }

    @Test func groupsAreLeftOutOnRequest() {
        #expect(Self.reason(EventSelection(groups: false), chat: "1203@g.us") == .group)
    }

    @Test func ownMessagesAreLeftOutOnRequest() {
        #expect(Self.reason(EventSelection(ownMessages: false), isOwn: true) == .ownMessage)
        #expect(Self.reason(EventSelection(ownMessages: false), isOwn: false) == nil)
        #expect(Self.reason(.sensible, isOwn: true) == nil)
    }

    @Test func kindsAreComparedInOneSpelling() {
        let messages = EventSelection(kinds: ["MESSAGES_UPSERT"])
        #expect(Self.reason(messages, kind: "messages.upsert") == nil)
        #expect(Self.reason(messages, kind: "presence.update") == .kind)
        #expect(Self.reason(messages, kind: nil) == .kind)
        #expect(Self.reason(EventSelection(excludedKinds: ["presence-update"]), kind: "PRESENCE_UPDATE") == .kind)
    }

    @Test(arguments: [
        (#"{"data":{"key":{"fromMe":true}}}"#, true), (#"{"data":{"key":{"fromMe":false}}}"#, false),
        (#"{"data":{"fromMe":true}}"#, true), (#"{"message":{"key":{"fromMe":true}}}"#, true), ("{}", false),
        ("no json", false),
    ])
    func aBodySaysWhetherTheClinicWroteIt(body: String, isOwn: Bool) {
        #expect(OwnMessage.isOwn(Array(body.utf8)) == isOwn)
    }
}
