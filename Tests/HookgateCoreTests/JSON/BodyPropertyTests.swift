import HookgateCore
import HookgateTestSupport
import Testing

/// Random bodies against a model, and random damage.
struct BodyPropertyTests {
    private static let bodies = 800

    private func compact(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if !isInString, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { continue }
            result.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    @Test func randomBodiesAreReadAsTheModelReadsThem() throws {
        var random = SeededGenerator(seed: 20_251_020)
        var named = 0
        for _ in 0..<Self.bodies {
            let body = RandomBody.object(depth: 5, using: &random)
            let text = body.text { ["", "", " ", "\n\t\r "].randomElement(using: &random) ?? "" }
            let facts = try BodyScanner.scan(Array(text.utf8))
            #expect(facts == body.facts, "\(text)")
            named += facts.messageID != nil ? 1 : 0
        }
        #expect(named > Self.bodies / 50)
    }

    @Test func strippingRemovesWhatTheModelRemovesAndNothingElse() throws {
        var random = SeededGenerator(seed: 20_251_021)
        var changed = 0
        for _ in 0..<Self.bodies {
            let body = RandomBody.object(depth: 5, using: &random)
            let event = body["event"]?.nonEmptyString.map(EventName.normalised)
            let bytes = Array(body.text { ["", "", " ", "\n\t\r "].randomElement(using: &random) ?? "" }.utf8)
            let stripped = SecretStripper.strip(bytes)
            let expected = body.stripped(event: event).text { "" }
            #expect(compact(stripped) == expected, "\(String(decoding: bytes, as: UTF8.self))")
            #expect(SecretStripper.strip(stripped) == stripped)
            changed += stripped == bytes ? 0 : 1
        }
        #expect(changed > Self.bodies / 4)
    }

    @Test func maskedBodiesAreJSONOfTheSameShapeInBothLayouts() throws {
        var random = SeededGenerator(seed: 20_251_022)
        for _ in 0..<Self.bodies {
            let bytes = Array(RandomBody.object(depth: 5, using: &random).text { "" }.utf8)
            let pretty = try Array(BodyMask.mask(bytes, layout: .pretty).utf8)
            let masked = try Array(BodyMask.mask(bytes, layout: .compact).utf8)
            try BodyScanner.validate(anyValue: pretty.span)
            #expect(compact(pretty) == compact(masked))
            #expect(!masked.contains(UInt8(ascii: "\n")))
        }
    }

    @Test func damagedBodiesNeverCrashAndErrorsLieInsideThem() throws {
        var random = SeededGenerator(seed: 20_251_023)
        var refused = 0
        for _ in 0..<Self.bodies {
            var bytes = Array(RandomBody.object(depth: 4, using: &random).text { "" }.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&bytes, using: &random) }
            try AnyBody.check(bytes)
            let stripped = SecretStripper.strip(bytes)
            do throws(BodyError) {
                _ = try BodyScanner.scan(bytes)
                _ = try BodyScanner.scan(stripped)
                _ = try BodyMask.mask(bytes)
            } catch {
                refused += 1
                switch error {
                case .empty, .notAnObject: break
                case .notUTF8(let offset), .syntax(let offset), .tooDeep(let offset), .trailingGarbage(let offset):
                    #expect((0...bytes.count).contains(offset))
                    // Everything before the error is the beginning of some body: cut there, it only ends too early.
                    if case .syntax = error, offset < bytes.count {
                        #expect(throws: BodyError.self) { try BodyScanner.scan(Array(bytes[..<offset])) }
                    }
                }
                #expect(throws: BodyError.self) { try BodyScanner.scan(stripped) }
            }
        }
        #expect(refused > Self.bodies / 2)
    }

    private func damage(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        guard let place = bytes.indices.randomElement(using: &random) else { return }
        let bytesThatMatter =
            Array("\"\\{}[],:0-.eEtfnu \n".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]
        let byte = bytesThatMatter.randomElement(using: &random) ?? 0
        switch Int.random(in: 0...4, using: &random) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        case 2: bytes.remove(at: place)
        case 3: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        default: bytes.removeSubrange(place...)
        }
    }

    @Test func everyBitFlippedInARealBodyIsSurvived() throws {
        let bytes = try Fixtures.bytes("evolution/v236_messages-upsert_unicode-stress.json")
        for place in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[place] ^= 1 << UInt8(bit)
                let isSound = String(validating: damaged, as: UTF8.self) != nil
                let facts = try? BodyScanner.scan(damaged)
                #expect(facts == nil || isSound, "byte \(place), bit \(bit)")
            }
        }
    }
}
