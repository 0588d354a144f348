import HookgateCore
import Testing

struct BodyScannerTests {
    private func scan(_ text: String) throws -> BodyFacts {
        try BodyScanner.scan(Array(text.utf8))
    }

    private func error(_ bytes: [UInt8]) -> BodyError? {
        do throws(BodyError) {
            _ = try BodyScanner.scan(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func error(_ text: String) -> BodyError? {
        error(Array(text.utf8))
    }

    @Test func theFourFactsAreFound() throws {
        let facts = try scan(
            #"{"event":"messages.upsert","instance":"aurora","data":{"key":{"remoteJid":"1@lid","fromMe":false,"id":"3A"}}}"#
        )
        #expect(facts == BodyFacts(event: "messages.upsert", instance: "aurora", messageID: "3A", chat: "1@lid"))
    }

    @Test func orderAndSurroundingsDoNotMatter() throws {
        let facts = try scan(
            """
             {"data": {"message": {"key": {"id": "no"}, "event": "no"}, "list": [{"key": {"id": "no"}}],
               "key": {"message": {"id": "no"}, "id": "3A", "n": [1, {"id": "no"}]}, "remoteJid": "later"},
              "sub": {"instance": "no", "data": {"key": {"id": "no"}}}, "instance": "aurora", "event": "call"}\t\n
            """)
        #expect(facts == BodyFacts(event: "call", instance: "aurora", messageID: "3A", chat: "later"))
    }

    @Test(
        arguments: [
            (#"{"data":{"keyId":"K","remoteJid":"R","messageId":"row"}}"#, "K", "R"),
            (#"{"data":{"keyId":"K","remoteJid":"R","key":{"id":"I","remoteJid":"J"}}}"#, "I", "J"),
            (#"{"data":{"key":{"id":"","remoteJid":""},"keyId":"K","remoteJid":"R"}}"#, "K", "R"),
            (#"{"event":"messages.delete","data":{"id":"I","remoteJid":"J"}}"#, "I", "J"),
            (#"{"event":"MESSAGES_UPDATE","data":{"id":"I","remoteJid":"J"}}"#, "I", "J"),
            (#"{"data":{"id":"I","remoteJid":"J"},"event":"messages-update"}"#, "I", "J"),
            (#"{"event":"messages.delete","data":{"id":"row","key":{"id":"I","remoteJid":"J"}}}"#, "I", "J"),
            (#"{"event":"call","data":{"id":"call","chatId":"1@lid"}}"#, nil, "1@lid"),
            (#"{"event":"labels.edit","data":{"id":"7"}}"#, nil, nil),
            (#"{"event":"presence.update","data":{"id":"1@g.us","presences":{}}}"#, nil, "1@g.us"),
            (#"{"instanceName":"a","message":{"key":{"id":"I","remoteJid":"J"}}}"#, "I", "J"),
            (#"{"message":{"key":{"id":"x"}},"data":{"key":{"id":"I","remoteJid":"J"}}}"#, "I", "J"),
            (#"{"data":[{"key":{"id":"I","remoteJid":"J"}}]}"#, nil, nil),
            (#"{"data":{"key":[{"id":"I"}],"remoteJid":["J"],"keyId":{"keyId":"K"}}}"#, nil, nil),
            (#"{"data":{"key":"I"}}"#, nil, nil),
            (#"{"data":{"key":{"id":7,"remoteJid":null}}}"#, nil, nil),
        ] as [(String, String?, String?)])
    func messageAndChatAreFoundInEveryDialect(_ body: String, _ id: String?, _ chat: String?) throws {
        let facts = try scan(body)
        #expect(facts.messageID == id)
        #expect(facts.chat == chat)
    }

    @Test(
        arguments: [
            (#"{"instance":"a"}"#, "a"),
            (#"{"instance":{"instanceId":"x","instanceName":"a"}}"#, "a"),
            (#"{"instanceName":"a","event":"x"}"#, "a"),
            (#"{"instanceName":"b","instance":"a"}"#, "a"),
            (#"{"instanceName":"b","instance":{"instanceName":"a"}}"#, "a"),
            (#"{"instance":{"deeper":{"instanceName":"b"}}}"#, nil),
            (#"{"instance":[{"instanceName":"b"}]}"#, nil),
            (#"{"instance":""}"#, nil),
            (#"{"instance":7,"Instance":"b","INSTANCE":"c"}"#, nil),
            (#"{}"#, nil),
        ] as [(String, String?)])
    func instanceIsFoundInEveryDialect(_ body: String, _ instance: String?) throws {
        #expect(try scan(body).instance == instance)
    }

    @Test(
        arguments: [
            (#"{"event":"a","event":"b"}"#, BodyFacts(event: "b")),
            (#"{"event":"a","event":null}"#, BodyFacts()),
            (#"{"instance":"a","instance":{"instanceName":"b"}}"#, BodyFacts(instance: "b")),
            (#"{"instance":{"instanceName":"b"},"instance":"a"}"#, BodyFacts(instance: "a")),
            (#"{"instance":{"instanceName":"b"},"instance":{}}"#, BodyFacts()),
            (#"{"data":{"key":{"id":"a","remoteJid":"c"}},"data":{"key":{"id":"b"}}}"#, BodyFacts(messageID: "b")),
            (#"{"data":{"key":{"id":"a"},"keyId":"k"},"data":7}"#, BodyFacts()),
            (#"{"data":{"key":{"id":"a"},"key":{}}}"#, BodyFacts()),
            (#"{"data":{"keyId":"k","key":{"id":"a","id":"b","id":{}}}}"#, BodyFacts(messageID: "k")),
        ] as [(String, BodyFacts)])
    func theLastOfEqualKeysHolds(_ body: String, _ facts: BodyFacts) throws {
        #expect(try scan(body) == facts)
    }

    @Test func keysAndValuesAreComparedUnescaped() throws {
        let facts = try scan(
            #"{"\u0065vent":"a\u002eb\n\/\"","d\u0061ta":{"ke\u0079":{"\u0069d":"\ud83d\ude00","remote\u004aid":"x"}}}"#
        )
        #expect(facts == BodyFacts(event: "a.b\n/\"", messageID: "😀", chat: "x"))
        #expect(try scan(#"{"event\u0000":"a","even":"b","events":"c","\u0065vents":"d"}"#) == BodyFacts())
    }

    @Test(
        arguments: [
            (#"\ud83d"#, "\u{FFFD}"), (#"\ude00"#, "\u{FFFD}"), (#"\ude00\ud83d"#, "\u{FFFD}\u{FFFD}"),
            (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"), (#"\ud83dx"#, "\u{FFFD}x"), (#"\ud83d\n"#, "\u{FFFD}\n"),
            (#"a\u0000b"#, "a\0b"), (#"\b\f\n\r\t\\"#, "\u{8}\u{C}\n\r\t\\"), (#"é\u00e9漢😀"#, "éé漢😀"),
        ])
    func escapesBecomeCharactersAndLoneSurrogatesAreReplaced(_ escaped: String, _ text: String) throws {
        let instance = try scan(#"{"instance":"\#(escaped)"}"#).instance
        #expect(instance.map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test func whatIsTooLongToBeANameIsNotTakenForOne() throws {
        func facts(_ length: Int) throws -> BodyFacts {
            let text = String(repeating: "a", count: length)
            return try scan(#"{"event":"\#(text)","data":{"key":{"id":"\#(text)","remoteJid":"\#(text)"}}}"#)
        }
        #expect(try facts(128).event?.count == 128)
        #expect(try facts(129).event == nil)
        #expect(try facts(512).messageID?.count == 512)
        #expect(try facts(512).chat?.count == 512)
        #expect(try facts(513) == BodyFacts())
    }

    @Test func aLongInstanceIsCutBetweenCharactersSoThatItStillDiffers() throws {
        let name = "a" + String(repeating: "é", count: 300)
        let instance = try scan(#"{"instance":"\#(name)"}"#).instance
        #expect(instance == "a" + String(repeating: "é", count: 255))
    }

    @Test(
        arguments: [
            ("", .empty), (" \n\r\t", .empty),
            ("{", .syntax(offset: 1)), (#"{"a":1"#, .syntax(offset: 6)), (#"{"a":1,}"#, .syntax(offset: 7)),
            (#"{"a" 1}"#, .syntax(offset: 5)), ("{'a':1}", .syntax(offset: 1)), (#"{"a":01}"#, .syntax(offset: 6)),
            (#"{"a":1]"#, .syntax(offset: 6)), (#"{"a":NaN}"#, .syntax(offset: 5)), (#"{"a":nul}"#, .syntax(offset: 8)),
            (#"{"a":"\x"}"#, .syntax(offset: 7)), (#"{"a":"\u12g4"}"#, .syntax(offset: 10)),
            ("{\"a\":\"\u{1}\"}", .syntax(offset: 6)), (#"{"a":"b}"#, .syntax(offset: 8)),
            (#"{"a":1}x"#, .trailingGarbage(offset: 7)), ("{} {}", .trailingGarbage(offset: 3)),
            ("[]", .notAnObject), ("42", .notAnObject), (#""event""#, .notAnObject), ("null", .notAnObject),
            ("event=messages.upsert", .syntax(offset: 0)), ("<html>", .syntax(offset: 0)), ("{é}", .syntax(offset: 1)),
            ("\u{FEFF}{}", .syntax(offset: 0)),
        ] as [(String, BodyError)])
    func errorsSayWhatAndWhere(_ body: String, _ expected: BodyError) {
        #expect(error(body) == expected)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE9],
        ] as [[UInt8]])
    func whatIsNotUTF8IsRefusedAtItsFirstByte(_ sequence: [UInt8]) {
        // Both in the words of eight that are tested at once and at the very end.
        for padding in 0..<17 {
            let start = Array(#"{"a":""#.utf8) + Array(repeating: UInt8(ascii: "x"), count: padding)
            #expect(error(start + sequence + Array(#""}"#.utf8)) == .notUTF8(offset: start.count))
            #expect(error(start + sequence) == .notUTF8(offset: start.count))
        }
        #expect(error([UInt8(ascii: "{")] + sequence) == .notUTF8(offset: 1))
    }

    @Test func everyScalarValueIsAcceptedRaw() throws {
        for value in stride(from: UInt32(0x20), through: 0x10FFFF, by: 61) {
            guard let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" else { continue }
            let facts = try scan("{\"instance\":\"\(scalar)\"}")
            #expect(facts.instance?.unicodeScalars.elementsEqual([scalar]) == true)
        }
    }

    @Test func everyByteIsFoundAtEveryPlaceInAWord() {
        for place in 0..<24 {
            for byte in UInt8.min...UInt8.max {
                var content = Array(repeating: UInt8(ascii: "x"), count: 24)
                content[place] = byte
                let isPlain = byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                // A backslash before an x, a quote before an x, a control character, a cut sequence: all refused.
                let body = Array(#"{"a":""#.utf8) + content + Array(#""}"#.utf8)
                let isClosedTwice = byte == UInt8(ascii: "\\") && place == 23
                #expect((error(body) == nil) == isPlain || isClosedTwice, "byte \(byte) at \(place)")
            }
        }
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func depth512IsAcceptedAnd513Refused(_ open: String, _ close: String) throws {
        func body(_ depth: Int) -> String {
            #"{"data":"# + String(repeating: open, count: depth - 1) + "1" + String(repeating: close, count: depth - 1)
                + "}"
        }
        #expect(try scan(body(512)) == BodyFacts())
        #expect(error(body(513)) == .tooDeep(offset: 8 + 511 * open.utf8.count))
        #expect(
            error(#"{"data":"# + String(repeating: open, count: 200_000)) == .tooDeep(offset: 8 + 511 * open.utf8.count)
        )
    }

    @Test func containersCloseAsTheyWereOpenedAtEveryDepth() throws {
        // Objects and arrays by turns, so that every bit of the nesting is read back; one wrong bracket is refused.
        for depth in [2, 63, 64, 65, 128, 129, 511, 512] {
            let isObject = (0..<depth).map { $0 == 0 || $0 % 3 == 0 || $0 % 7 == 2 }
            let opening = isObject.map { $0 ? #"{"a":"# : "[" }.joined()
            let closing = isObject.reversed().map { $0 ? "}" : "]" }
            #expect(error(opening + "1" + closing.joined()) == nil)
            for wrong in stride(from: 0, to: depth, by: 13) {
                var brackets = closing
                brackets[wrong] = brackets[wrong] == "}" ? "]" : "}"
                #expect(error(opening + "1" + brackets.joined()) == .syntax(offset: opening.utf8.count + 1 + wrong))
            }
        }
    }

    @Test func descriptionsTellThePlaceAndNothingOfTheBody() {
        #expect("\(BodyError.syntax(offset: 41))" == "the body is not JSON at byte 41")
        #expect("\(BodyError.tooDeep(offset: 9))" == "the body is nested deeper than 512 levels at byte 9")
    }
}
