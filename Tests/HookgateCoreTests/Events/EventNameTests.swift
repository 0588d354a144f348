import HookgateCore
import Testing

struct EventNameTests {
    @Test(
        arguments: [
            ("messages.upsert", "messages.upsert"), ("MESSAGES_UPSERT", "messages.upsert"),
            ("messages-upsert", "messages.upsert"), ("typebot.change-status", "typebot.change.status"), ("", ""),
            ("Ação_x", "ação.x"),
        ])
    func allSpellingsMeet(_ name: String, _ normalised: String) {
        #expect(EventName.normalised(name) == normalised)
        #expect(EventName.isSpelling(name, of: normalised))
        #expect(!EventName.isSpelling(name, of: normalised + "s"))
        #expect(!EventName.isSpelling(name + "s", of: normalised))
    }
}
