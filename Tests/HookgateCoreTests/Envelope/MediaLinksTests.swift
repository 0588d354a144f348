import FoundationEssentials
import HookgateCore
import Testing

struct MediaLinksTests {
    private let now = Date(timeIntervalSince1970: 1_760_918_400)
    private let event = EventID(UUID())

    private func key(_ byte: UInt8 = 7) throws -> MediaKey {
        try #require(MediaKey([UInt8](repeating: byte, count: 32)))
    }

    private func target(part: Int = 0, key byte: UInt8 = 7) throws -> String {
        let base = try PublicURL("https://hooks.example.org/base")
        return String(try MediaLinks(base: base, key: key(byte)).url(of: event, part: part, at: now).dropFirst(30))
    }

    @Test func linkHoldsForTwoToThreeDaysByAnyOfTheKeys() throws {
        let request = try #require(MediaLinkRequest(requestTarget: target(part: 2)))
        #expect(request.event == event)
        #expect(request.part == 2)
        #expect(try request.verdict(at: now, keys: [key(1), key(7)]) == .valid)
        #expect(try request.verdict(at: now + 2 * 86_400 - 1, keys: [key()]) == .valid)
        #expect(try request.verdict(at: now + 3 * 86_400, keys: [key()]) == .expired)
        #expect(try request.verdict(at: now, keys: [key(1)]) == .invalid)
        #expect(request.verdict(at: now, keys: []) == .invalid)
    }

    @Test func everyChangedCharacterBreaksTheLink() throws {
        let text = try target()
        for index in text.indices.dropFirst("/api/v1/events/".count) {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "0" ? "1" : "0")
            let verdict = try MediaLinkRequest(requestTarget: changed)?.verdict(at: now, keys: [key()]) ?? .invalid
            #expect(verdict == .invalid || changed == text)
        }
    }

    @Test(arguments: [
        "", "/", "/api/v1/events", "/api/v1/events/x/media", "/api/v1/events//media", "/api/v2/events/x/media",
        "/webhooks/evolution/clinic",
    ])
    func otherAddressesAreNone(target: String) {
        #expect(MediaLinkRequest(requestTarget: target) == nil)
    }

    @Test(arguments: [
        "", "?", "?part=0", "?part=-1&expires=99999999999&signature=", "?signature=AAAA&expires=x",
        "?part=999999999999999999999",
    ])
    func addressWithoutASignatureIsNotBelieved(query: String) throws {
        let request = try #require(MediaLinkRequest(requestTarget: "/api/v1/events/\(event)/media\(query)"))
        #expect(request.verdict(at: now, keys: [try key()]) == .invalid)
    }
}
