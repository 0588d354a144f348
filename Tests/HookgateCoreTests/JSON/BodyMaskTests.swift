import Foundation
import HookgateCore
import HookgateTestSupport
import Testing

struct BodyMaskTests {
    private func mask(_ text: String, _ layout: BodyMask.Layout = .compact) throws -> String {
        try BodyMask.mask(Array(text.utf8), layout: layout)
    }

    @Test func aMessageShowsItsFrameAndNoneOfItsWords() throws {
        let body = """
            {"event":"messages.upsert","instance":"Clínica Aurora","data":{"key":{"remoteJid":"15550101004@s.whatsapp.net",\
            "fromMe":false,"id":"3A00"},"pushName":"Ana Teste","message":{"conversation":"dói muito","imageMessage":\
            {"caption":"x","mimetype":"image/jpeg","fileName":"Ana.jpg","fileLength":{"low":12345678,"high":0,"unsigned":true}}},\
            "messageType":"conversation","messageTimestamp":1761300000,"status":"DELIVERY_ACK","source":"ios"},\
            "date_time":"2025-10-24T06:00:01.000Z","sender":"15550100001@s.whatsapp.net","server_url":"http://h:8080"}
            """
        #expect(
            try mask(body) == """
                {"event":"messages.upsert","instance":"Clínica Aurora","data":{"key":{"remoteJid":"••••1004@s.whatsapp.net",\
                "fromMe":false,"id":"3A00"},"pushName":"•••• (9 characters)","message":{"conversation":"•••• (9 characters)",\
                "imageMessage":{"caption":"•••• (1 character)","mimetype":"image/jpeg","fileName":"•••• (7 characters)",\
                "fileLength":{"low":12345678,"high":0,"unsigned":true}}},"messageType":"conversation",\
                "messageTimestamp":1761300000,"status":"DELIVERY_ACK","source":"ios"},"date_time":"2025-10-24T06:00:01.000Z",\
                "sender":"••••0001@s.whatsapp.net","server_url":"•••• (13 characters)"}
                """)
    }

    @Test func prettyTextIsIndentedByTwo() throws {
        #expect(
            try mask(#" {"event":"call" , "data":{"a":[],"b":{},"c":[1,{"id":"X"}]}}"#, .pretty) == """
                {
                  "event": "call",
                  "data": {
                    "a": [],
                    "b": {},
                    "c": [
                      "•••• (number)",
                      {
                        "id": "X"
                      }
                    ]
                  }
                }
                """)
    }

    @Test(
        arguments: [
            // Words where an identifier belongs, and members that share a name with a harmless one.
            (#"{"status":"DELIVERY_ACK"}"#, #"{"status":"DELIVERY_ACK"}"#),
            (#"{"status":"grieving"}"#, #"{"status":"•••• (8 characters)"}"#),
            (#"{"event":"my secret words"}"#, #"{"event":"•••• (15 characters)"}"#),
            (
                #"{"message":{"status":"READ","state":"open","event":"x"}}"#,
                #"{"message":{"status":"•••• (4 characters)","state":"•••• (4 characters)","event":"•••• (1 character)"}}"#
            ),
            (#"{"data":{"message":"free text"}}"#, #"{"data":{"message":"•••• (9 characters)"}}"#),
            (#"{"data":"free text"}"#, #"{"data":"•••• (9 characters)"}"#),
            (#"{"mimetype":"a\r\nSet-Cookie: x"}"#, #"{"mimetype":"•••• (15 characters)"}"#),
            // Numbers: only lengths and instants; a position, a picture's bytes and a phone are a person's.
            (
                #"{"message":{"degreesLatitude":-23.5,"seconds":7}}"#,
                #"{"message":{"degreesLatitude":"•••• (number)","seconds":7}}"#
            ),
            (
                #"{"phone":15550101004,"messageTimestamp":1761300000}"#,
                #"{"phone":"•••• (number)","messageTimestamp":1761300000}"#
            ),
            // JIDs in lists and as keys; other keys of the sender's making.
            (#"{"data":["15550101004@lid","x"]}"#, #"{"data":["••••1004@lid","•••• (1 character)"]}"#),
            (
                #"{"presences":{"15550101004@s.whatsapp.net":{"lastKnownPresence":"composing"}}}"#,
                #"{"presences":{"••••1004@s.whatsapp.net":{"lastKnownPresence":"composing"}}}"#
            ),
            (
                #"{"Ana Teste":1,"15550101004":true,"a.b":null}"#,
                #"{"•••• (9 characters)":"•••• (number)","•••• (11 characters)":true,"•••• (3 characters)":null}"#
            ),
            (#"{"id":"15550101004@s.whatsapp.net"}"#, #"{"id":"••••1004@s.whatsapp.net"}"#),
            (#"{"remoteJid":"15550101004:75@s.whatsapp.net"}"#, #"{"remoteJid":"••••4:75@s.whatsapp.net"}"#),
            (#"{"remoteJid":"ana@s.whatsapp.net"}"#, #"{"remoteJid":"•••• (18 characters)"}"#),
            (#"{"remoteJid":"15550101004@evil.example"}"#, #"{"remoteJid":"•••• (24 characters)"}"#),
            // Secrets, had they not been stripped before.
            (
                #"{"apikey":"k","id":"hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"}"#,
                #"{"apikey":"•••• (1 character)","id":"•••• (53 characters)"}"#
            ),
            // Nothing to hide.
            (#"{"a":"","b":true,"c":null,"d":[],"e":{}}"#, #"{"a":"","b":true,"c":null,"d":[],"e":{}}"#),
        ])
    func onlyWhatIsKnownToBeHarmlessIsShown(_ body: String, _ expected: String) throws {
        #expect(try mask(body) == expected)
    }

    @Test func longRunsOfBytesBecomeOneLine() throws {
        let index = (0..<20).map { #""\#($0)":\#($0)"# }.joined(separator: ",")
        let list = (0..<20).map(String.init).joined(separator: ",")
        #expect(
            try mask(#"{"message":{"jpegThumbnail":{\#(index)},"b":{"type":"Buffer","data":[\#(list)]},"c":[1,2]}}"#)
                == #"{"message":{"jpegThumbnail":"•••• (20 values)","b":{"type":"•••• (6 characters)","data":"•••• (20 values)"},"c":["•••• (number)","•••• (number)"]}}"#
        )
        #expect(try mask("[" + list + "]") == #""•••• (20 values)""#)
    }

    @Test func whatATerminalWouldObeyIsEscaped() throws {
        #expect(
            try mask("{\"instance\":\"a\\u001b[2J\u{9B}31m\u{202E}\u{2028}\\\"\\\\\u{7F}😀\"}")
                == #"{"instance":"a\u001b[2J\u009b31m\u202e\u2028\"\\\u007f😀"}"#)
    }

    @Test func longStringsAreMeasuredInBytes() throws {
        let text = String(repeating: "é", count: 40_000)
        #expect(try mask(#"{"a":"\#(text)"}"#) == #"{"a":"•••• (80000 bytes)"}"#)
    }

    @Test func anyValueIsMaskedAndWhatIsNoJSONIsRefused() throws {
        #expect(try mask("\"words\"") == #""•••• (5 characters)""#)
        #expect(try mask("12") == #""•••• (number)""#)
        #expect(throws: BodyError.syntax(offset: 1)) { try mask("{") }
        #expect(throws: BodyError.empty) { try mask("") }
    }

    /// Every word a person wrote in the fixtures is gone: names, texts, captions, file names, phones.
    @Test func noFixtureShowsAPersonsWords() throws {
        for fixture in try Fixtures.evolution() {
            let bytes = try fixture.bytes()
            let masked = try BodyMask.mask(bytes)
            try BodyScanner.validate(anyValue: Array(masked.utf8).span)
            for word in ["1555010", "Teste", "Você", "BEGIN:VCARD", "base64,", ".pdf", ".jpg", "consulta"] {
                let found = Data(masked.utf8).range(of: Data(word.utf8))
                #expect(found == nil, "\(fixture.file) shows \(word)")
            }
            guard let event = fixture.expected.event else { continue }
            #expect(masked.contains("\"event\": \"\(event)\""), "\(fixture.file)")
        }
    }
}
