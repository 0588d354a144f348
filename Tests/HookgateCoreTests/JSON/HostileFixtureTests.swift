import HookgateCore
import HookgateTestSupport
import Testing

/// Malformed and hostile bodies. The verdicts were worked out by hand and by another parser, not by this one.
struct HostileFixtureTests {
    private enum Verdict {
        case refused(BodyError)
        case accepted(BodyFacts)
    }

    private static let id = "3A00000000000000BAD0"
    private static let chat = "15550101001@s.whatsapp.net"
    private static let usual = BodyFacts(
        event: "messages.upsert", instance: "clinica-aurora", messageID: id, chat: chat)
    private static let withoutData = BodyFacts(event: "messages.upsert", instance: "clinica-aurora")

    private static func usual(_ change: (inout BodyFacts) -> Void) -> Verdict {
        var facts = usual
        change(&facts)
        return .accepted(facts)
    }

    private static let verdicts: [String: Verdict] = [
        "empty.txt": .refused(.empty),
        "whitespace-only.txt": .refused(.empty),
        "truncated.json": .refused(.syntax(offset: 283)),
        "truncated-in-escape.json": .refused(.syntax(offset: 44)),
        "trailing-garbage.json": .refused(.trailingGarbage(offset: 566)),
        "two-documents.json": .refused(.trailingGarbage(offset: 567)),
        "single-quotes.json": .refused(.syntax(offset: 1)),
        "trailing-comma.json": .refused(.syntax(offset: 65)),
        "nan-infinity.json": .refused(.syntax(offset: 82)),
        "comments.json": .refused(.syntax(offset: 0)),
        "utf16le.json": .refused(.notUTF8(offset: 0)),
        "latin1.json": .refused(.notUTF8(offset: 41)),
        "invalid-utf8-in-text.json": .refused(.notUTF8(offset: 232)),
        "overlong-utf8.json": .refused(.notUTF8(offset: 229)),
        "control-chars.json": .refused(.syntax(offset: 231)),
        "top-level-array.json": .refused(.notAnObject),
        "top-level-string.json": .refused(.notAnObject),
        "top-level-number.json": .refused(.notAnObject),
        "top-level-true.json": .refused(.notAnObject),
        "deep-nesting-1000.json": .refused(.tooDeep(offset: 2617)),
        "deep-nesting-unclosed.txt": .refused(.tooDeep(offset: 512)),
        "form-urlencoded.txt": .refused(.syntax(offset: 0)),
        "gzip-bomb-10mb.bin": .refused(.syntax(offset: 0)),
        "html-error-page.txt": .refused(.syntax(offset: 0)),

        "lone-surrogate-escape.json": .accepted(usual),
        "nul-in-instance.json": usual { $0.instance = "clinica-aurora\0evil" },
        "empty-object.json": .accepted(BodyFacts()),
        "missing-instance.json": usual { $0.instance = nil },
        "missing-data.json": .accepted(withoutData),
        "data-null.json": .accepted(withoutData),
        "data-string.json": .accepted(withoutData),
        "data-array-of-messages.json": .accepted(withoutData),
        "data-empty-array.json": .accepted(withoutData),
        "event-uppercase.json": usual { $0.event = "MESSAGES_UPSERT" },
        "event-not-string.json": usual { $0.event = nil },
        "instance-object-v1style.json": .accepted(usual),
        "instance-mismatch.json": usual { $0.instance = "outro-tenant" },
        "path-traversal-url.json": .accepted(usual),
        "unknown-token.json": .accepted(usual),
        "key-is-string.json": .accepted(withoutData),
        "key-empty-id.json": usual { $0.messageID = nil },
        "key-huge-id.json": usual { $0.messageID = nil },
        "jid-garbage.json": usual { $0.chat = "not a jid" },
        "jid-sql-injection.json": usual { $0.chat = "\(chat)'; DROP TABLE integrations;--" },
        "text-injection.json": .accepted(usual),
        "timestamp-string.json": .accepted(usual),
        "timestamp-millis.json": .accepted(usual),
        "timestamp-zero.json": .accepted(usual),
        "timestamp-huge.json": .accepted(usual),
        "timestamp-long-object-negative-low.json": .accepted(usual),
        "timestamp-null.json": .accepted(usual),
        "timestamp-iso.json": .accepted(usual),
        "number-many-digits.json": .accepted(withoutData),
        "duplicate-keys.json": usual { $0.messageID = "3A00000000000000DUP1" },
        "case-variant-keys.json": .accepted(withoutData),
        "unicode-escaped-keys.json": .accepted(withoutData),
        "proto-pollution.json": .accepted(withoutData),
        "wrapper-nesting-40.json": .accepted(usual),
        "hash-collision-like-keys.json": .accepted(withoutData),
        "base64-invalid-600k.json": .accepted(usual),
        "long-max.json": .accepted(usual),
        "index-object-thumbnail-20k.json": .accepted(usual),
        "document-hostile-metadata.json": .accepted(usual),
    ]

    @Test func everyFileHasAVerdict() throws {
        #expect(try Set(Self.files()) == Set(Self.verdicts.keys))
    }

    @Test(arguments: try files())
    func everyBodyGetsItsVerdict(_ file: String) throws {
        let bytes = try Fixtures.bytes("evolution/bad/\(file)")
        switch try #require(Self.verdicts[file]) {
        case .refused(let error):
            #expect(throws: error) { try BodyScanner.scan(bytes) }
        case .accepted(let facts):
            #expect(try BodyScanner.scan(bytes) == facts)
        }
    }

    /// Whatever arrives, stripping ends; what was accepted is still accepted and names the same things.
    @Test(arguments: try files())
    func strippingKeepsWhatWasAccepted(_ file: String) throws {
        let bytes = try Fixtures.bytes("evolution/bad/\(file)")
        let stripped = SecretStripper.strip(bytes)
        if let facts = try? BodyScanner.scan(bytes) {
            #expect(try BodyScanner.scan(stripped) == facts)
            try BodyScanner.validate(anyValue: Array(BodyMask.mask(bytes).utf8).span)
        } else {
            #expect(throws: BodyError.self) { try BodyScanner.scan(stripped) }
        }
    }

    private static func files() throws -> [String] {
        try Fixtures.names(in: "evolution/bad").filter { $0 != "manifest.json" }
    }
}
