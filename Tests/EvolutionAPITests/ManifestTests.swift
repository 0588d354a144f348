import EvolutionAPI
import HookgateCore
import HookgateTestSupport
import Testing

/// Bodies of every release from 1.7.5 to 2.4.0 and of two imitators, against what people read in them.
struct ManifestTests {
    /// Where we know more than the manifest, or call it by another name.
    private static let differs: [String: [String: Plain]] = [
        // The same body as that of 2.3.6, in which the manifest knows the sender.
        "v223_messages-edited.json": ["sender_phone_e164": .text("+15550101001")]
    ]

    /// Our words for the receipts.
    private static let statusWords: [Plain: Plain] = [
        .text("DELIVERY_ACK"): .text("delivered"), .text("SERVER_ACK"): .text("sent"), .text("READ"): .text("read"),
        .text("PLAYED"): .text("played"), .text("ERROR"): .text("failed"), .text("DELETED"): .text("reportedDeleted"),
    ]

    @Test func everyFieldOfEveryBodyIsDecoded() throws {
        let manifest = try JSONDocument(Fixtures.bytes("evolution/manifest.json")).root
        let fixtures = try #require(manifest["fixtures"]?.elements)
        #expect(fixtures.count == 137)
        for fixture in fixtures {
            let file = try #require(fixture["file"]?.string)
            let fields = EventFields(event: try EvolutionEvent(Fixtures.bytes("evolution/\(file)")))
            let expectations = fixture["expected"]?.members ?? []
            let isDigested = expectations.contains { $0.key == "text_sha256" }
            for (name, value) in expectations where name != "text" || !isDigested {
                let expected = Self.differs[file]?[name] ?? Self.expected(name, Plain(value))
                let decoded = fields[name] ?? .text("a field that nothing reads")
                #expect(decoded.says(expected), "\(file): \(name) is \(decoded)")
            }
        }
    }

    private static func expected(_ name: String, _ value: Plain) -> Plain {
        switch (name, value) {
        case ("status", _): statusWords[value] ?? value
        case ("push_name", .text("")): .null
        default: value
        }
    }

    @Test func nothingIsHeldOfAQRCodeButThatThereIsOne() throws {
        for file in ["v236_qrcode-updated.json", "v1_qrcode-updated.json", "customB_qrcode-updated.json"] {
            let body = try Fixtures.bytes("evolution/\(file)")
            #expect(try EvolutionEvent(body).content == .qrCode(.offered))
            #expect(try EvolutionEvent(SecretStripper.strip(body)).content == .qrCode(.offered))
        }
    }

    @Test func strippingSecretsTakesNothingFromTheEvent() throws {
        for fixture in try Fixtures.evolution() {
            let body = try fixture.bytes()
            let stripped = try EvolutionEvent(SecretStripper.strip(body))
            #expect(try EvolutionEvent(body).content == stripped.content, "\(fixture.file)")
        }
    }
}
