import FoundationEssentials
import Logging
import Testing

@testable import HookgateCommands

struct LogLineTests {
    private func line(_ message: String, _ metadata: [(name: String, value: String)] = []) -> LogLine {
        LogLine(
            date: Date(timeIntervalSince1970: 1_760_000_000.25), label: "gateway", level: .warning, message: message,
            metadata: metadata)
    }

    @Test func textIsOneReadableLine() {
        #expect(
            line("stored", [("instance", "clinic-a"), ("note", "two words")]).rendered(as: .text)
                == "2025-10-09T08:53:20.250Z WARNING  [gateway] stored instance=clinic-a note=\"two words\"")
    }

    @Test func jsonIsOneObject() throws {
        struct Read: Decodable {
            let time, level, logger, message: String
            let metadata: [String: String]
        }
        let value = "a\"b\\c\nd\u{1}\u{7F}\u{2028}é✅"
        let text = line(value, [("key", value)]).rendered(as: .json)
        let read = try JSONDecoder().decode(Read.self, from: Data(text.utf8))
        #expect(read.message == value)
        #expect(read.metadata == ["key": value])
        #expect(read.level == "warning")
        #expect(read.time == "2025-10-09T08:53:20.250Z")
    }

    @Test(arguments: LogFormat.allCases, ["\n", "\r", "\u{1B}[31m", "\u{85}", "\u{2029}", "\0"])
    func valuesCannotForgeALine(format: LogFormat, hostile: String) {
        let text = line("m\(hostile)", [("k", "v\(hostile)")]).rendered(as: format)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x85 || $0.value == 0x2029 })
    }
}
