import HookgateCore
import HookgateTestSupport
import Testing

/// Bodies as Evolution API 1.7.5 to 2.4.0 send them.
struct EvolutionFixtureTests {
    /// Where our chat is not the manifest's remote JID, on purpose. Lists of groups are of no one chat; and a contact
    /// stands in the chat that has its JID, which keeps its events in order.
    private static let chatDiffers: [String: String?] = [
        "v1_groups-update_global-only.json": nil,
        "v1_groups-upsert.json": nil,
        "v1_contacts-update_single-object.json": "15550101001@s.whatsapp.net",
        "v236_contacts-update_single-object.json": "15550101001@s.whatsapp.net",
    ]

    @Test func theManifestIsWhole() throws {
        #expect(try Fixtures.evolution().count == 137)
    }

    @Test func factsAreThoseOfTheManifest() throws {
        for fixture in try Fixtures.evolution() {
            let facts = try BodyScanner.scan(fixture.bytes())
            #expect(facts.event == fixture.expected.event, "\(fixture.file)")
            #expect(facts.instance == fixture.expected.instance, "\(fixture.file)")
            #expect(facts.messageID == fixture.expected.messageID, "\(fixture.file)")
            let chat = Self.chatDiffers[fixture.file] ?? fixture.expected.remoteJid
            #expect(facts.chat == chat, "\(fixture.file)")
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let files = [
            "v1_messages-upsert_conversation.json", "v236_messages-edited.json", "v236_qrcode-updated.json",
            "v236_messages-upsert_unicode-stress.json", "v2_error-webhook_no-instance.json",
        ]
        for file in files {
            let bytes = try Fixtures.bytes("evolution/\(file)")
            for length in 0..<bytes.count {
                #expect(throws: BodyError.self, "\(file) cut to \(length)") {
                    try BodyScanner.scan(bytes.span.extracting(first: length))
                }
            }
        }
    }

    @Test func everySuffixIsKnown() throws {
        for fixture in try Fixtures.evolution() {
            guard let suffix = fixture.byEventsSuffix else { continue }
            let address = WebhookAddress(requestTarget: "/webhooks/evolution/whatsapp\(suffix)")
            #expect(address?.target == .instance(InstanceName("whatsapp")), "\(suffix)")
            #expect(address?.eventSuffix == String(suffix.dropFirst()), "\(suffix)")
        }
    }
}
