import HookgateCore
import Testing

struct EvolutionVersionTests {
    @Test(arguments: [
        ("2.3.7", [2, 3, 7]), ("v2.3.7", [2, 3, 7]), (" 2.3", [2, 3, 0]), ("2.2.3.17", [2, 2, 3]),
        ("2.4.0-rc2", [2, 4, 0]), ("2.4-rc.9", [2, 4, 0]), ("1.8.2+build.5", [1, 8, 2]), ("2.x", [2, 0, 0]),
    ])
    func whateverLeadsWithANumberIsRead(text: String, numbers: [Int]) {
        #expect(EvolutionVersion(text) == EvolutionVersion(numbers[0], numbers[1], numbers[2]))
    }

    @Test(arguments: ["", "homolog", "latest", "sha-1234567", "20251110.1", "-1.2"])
    func whatHasNoNumberIsNoVersion(text: String) {
        #expect(EvolutionVersion(text) == nil)
    }

    @Test func theDialectChangedThreeTimes() {
        func dialect(_ text: String) -> EvolutionDialect? {
            EvolutionVersion(text).map { EvolutionRelease(version: $0).dialect }
        }
        #expect(dialect("1.0.7") == .flatSnake && dialect("1.8.7") == .flatSnake)
        #expect(dialect("2.0.0") == .flatCamel && dialect("2.1.0") == .flatCamel)
        #expect(dialect("2.1.1") == .nested && dialect("2.4.0-rc2") == .nested && dialect("3.0") == .nested)
    }

    @Test func settingsAreComparedByWhatTheyMean() {
        let wanted = EvolutionWebhookSettings(
            url: "https://a", isEnabled: true, events: ["A", "B"],
            headers: [EvolutionMember(name: "x", json: "\"1\""), EvolutionMember(name: "y", json: "\"2\"")])
        var there = wanted
        there.events = ["B", "A"]
        there.headers.reverse()
        #expect(there.differences(from: wanted).isEmpty)
        there.byEvents = true
        there.url = "https://b"
        there.events = ["A"]
        #expect(there.differences(from: wanted) == [.url, .events, .byEvents])
        let off = EvolutionWebhookSettings(url: "", isEnabled: false, events: [])
        #expect(off.differences(from: EvolutionWebhookSettings(url: "https://a", isEnabled: false, events: [])).isEmpty)
        #expect(wanted.differences(from: off).contains(.enabled))
    }

    @Test func printingSettingsShowsNeitherURLNorHeader() {
        let settings = EvolutionWebhookSettings(
            url: "https://a/secret", isEnabled: true, events: ["A"],
            headers: [EvolutionMember(name: "x", json: "\"secret\"")])
        var dumped = ""
        dump(settings, to: &dumped)
        dump(EvolutionWebhook(settings: settings, text: "secret"), to: &dumped)
        dump(EvolutionPairing(qrText: "secret", qrImage: "secret", pairingCode: "secret"), to: &dumped)
        #expect(!("\(settings)" + dumped).contains("secret"))
    }
}
