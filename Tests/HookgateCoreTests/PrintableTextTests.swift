import HookgateCore
import Testing

struct PrintableTextTests {
    @Test(arguments: [
        ("Praxis \u{1B}[31mRot", "Praxis \\u{1b}[31mRot"),
        ("a\n✅ Migrated b", "a\\u{a}✅ Migrated b"),
        ("c1 \u{9B}31m", "c1 \\u{9b}31m"),
        ("turned \u{202E}around", "turned \\u{202e}around"),
        ("Clínica \"Müller\" 🦷👩‍⚕️", "Clínica \"Müller\" 🦷👩‍⚕️"),
    ])
    func whatSteersATerminalIsEscaped(text: String, expected: String) {
        #expect(text.printable == expected)
        #expect("\(InstanceName(text))" == expected)
    }

    @Test func ownLineBreaksStay() {
        #expect("one\n\ttwo\u{7}".printableLines == "one\n\ttwo\\u{7}")
    }
}
