import HookgateCore
import Testing

struct InstanceNameTests {
    @Test func twoSpellingsOfOneLetterAreTwoNames() {
        let composed = InstanceName("cl\u{ED}nica")
        let decomposed = InstanceName("cli\u{301}nica")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test func caseAndSpaceMatter() {
        #expect(Set(["a", "A", " a", "a ", "", "a\0"].map(InstanceName.init)).count == 6)
    }

    @Test func equalNamesHashAlike() {
        let name = "Clínica 🦷"
        #expect(InstanceName(name) == InstanceName(String(decoding: Array(name.utf8), as: UTF8.self)))
        #expect(Set([InstanceName(name), InstanceName(String(decoding: Array(name.utf8), as: UTF8.self))]).count == 1)
    }

    @Test func orderIsThatOfBytes() {
        let names = ["", "A", "Z", "a", "a b", "a-b", "ab", "e\u{301}", "z", "\u{E9}", "\u{FFFD}", "🦷"]
        #expect(
            names.reversed().map(InstanceName.init).sorted().map { Array($0.text.utf8) } == names.map { Array($0.utf8) }
        )
    }
}
