import EvolutionAPI
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

struct HostileBodyTests {
    private static func files() throws -> [String] {
        try Fixtures.names(in: "evolution/bad").filter { $0 != "manifest.json" }
    }

    /// A webhook is answered with 400 for exactly these, and with 200 for everything else.
    @Test(arguments: try files())
    func whatIsRefusedAtTheDoorIsRefusedHereAndNothingElse(_ file: String) throws {
        let bytes = try Fixtures.bytes("evolution/bad/\(file)")
        do {
            let facts = try BodyScanner.scan(bytes)
            let event = try EvolutionEvent(bytes)
            #expect(event.name == facts.event)
            // The scanner cuts a name of half a kilobyte or more.
            #expect(event.instance?.text == facts.instance)
        } catch let error as BodyError {
            #expect(throws: JSONDocumentError.malformed(error)) { try EvolutionEvent(bytes) }
        }
    }

    /// The fixtures' one message, with what is odd about it.
    @Test func oddMessagesAreMessages() throws {
        func message(_ file: String) throws -> Message? {
            guard case .messages(let messages) = try EvolutionEvent(Fixtures.bytes("evolution/bad/\(file)")).content
            else { return nil }
            return messages.first
        }
        #expect(try message("lone-surrogate-escape.json")?.content.text?.unicodeScalars.contains("\u{FFFD}") == true)
        #expect(try message("jid-garbage.json")?.key.chat == nil)
        #expect(try message("key-huge-id.json")?.key.id == nil)
        #expect(try message("duplicate-keys.json")?.key.id == "3A00000000000000DUP1")
        #expect(try message("wrapper-nesting-40.json")?.content == .other("ephemeralMessage"))
        #expect(try message("event-uppercase.json")?.content.text != nil)
        for file in ["timestamp-string.json", "timestamp-millis.json", "timestamp-iso.json"] {
            #expect(try message(file)?.sentAt != nil, "\(file)")
        }
        for file in ["timestamp-zero.json", "timestamp-huge.json", "timestamp-null.json"] {
            let message = try #require(try message(file))
            #expect(message.sentAt == nil, "\(file)")
        }
    }

    @Test func aBodyOfCountlessPartsIsRefused() {
        let body = Array((#"{"data":["# + String(repeating: "0,", count: 200) + "0]}").utf8)
        #expect(throws: JSONDocumentError.tooManyParts(limit: 100)) { try JSONDocument(body, partLimit: 100) }
        #expect(throws: Never.self) { try JSONDocument(body, partLimit: 204) }
    }

    /// `make fuzz` goes on where this ends.
    @Test(arguments: 0..<8)
    func mutatedBodiesNeitherCrashNorHang(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bodies = try Fixtures.evolution().map { try $0.bytes() }.filter { $0.count < 4_000 }
        for _ in 0..<400 {
            var body = bodies.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&body, using: &random) }
            try AnyEvent.check(body)
        }
    }

    private static func mutate(_ body: inout [UInt8], using random: inout SeededGenerator) {
        guard !body.isEmpty else { return }
        let at = Int.random(in: 0..<body.count, using: &random)
        switch Int.random(in: 0...4, using: &random) {
        case 0: body[at] = UInt8.random(in: 0...255, using: &random)
        case 1: body.remove(at: at)
        case 2: body.insert(contentsOf: Array(#"{"message":"#.utf8), at: at)
        // A value in the place of another: still JSON more often than not.
        case 3:
            guard let colon = body[at...].firstIndex(of: UInt8(ascii: ":")),
                let end = body[colon...].firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") })
            else { return }
            let values = ["null", "true", "[]", "{}", "\"\"", "-1e999", "[{}]", "{\"low\":1e9,\"high\":-1}"]
            body.replaceSubrange(colon + 1..<end, with: Array((values.randomElement(using: &random) ?? "0").utf8))
        default: body.removeSubrange(at..<min(body.count, at + 20))
        }
    }
}
