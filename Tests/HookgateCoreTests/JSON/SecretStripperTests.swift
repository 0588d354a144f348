import Foundation
import HookgateCore
import HookgateTestSupport
import Testing

struct SecretStripperTests {
    private static let token = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"

    private func strip(_ text: String) -> String {
        String(decoding: SecretStripper.strip(Array(text.utf8)), as: UTF8.self)
    }

    @Test(
        arguments: [
            (#"{"apikey":"k"}"#, #"{}"#),
            (#"{"apikey":"k","event":"x"}"#, #"{"event":"x"}"#),
            (#"{"event":"x","apikey":"k"}"#, #"{"event":"x"}"#),
            (#"{"event":"x","apikey":null,"z":1}"#, #"{"event":"x","z":1}"#),
            (#"{"apikey":1,"api_key":2,"destination":3}"#, #"{}"#),
            (#"{"a":1,"apikey":1,"api_key":2}"#, #"{"a":1}"#),
            (#"{"apikey":1,"a":1,"api_key":2}"#, #"{"a":1}"#),
            (#"{"apikey":1,"api_key":2,"a":1}"#, #"{"a":1}"#),
            (#"{"a":1,"apikey":1,"b":2,"api_key":2}"#, #"{"a":1,"b":2}"#),
            (#"{"apikey":{"apikey":[{"apikey":1}]},"apikey":[[]]}"#, #"{}"#),
            (#"{"a":{"apikey":{"b":1}},"APIKEY":"x","ApI_kEy":"y"}"#, #"{"a":{}}"#),
            ("{ \"a\" : 1 ,\n \"apikey\" : 2 ,\n \"b\" : 3 }", "{ \"a\" : 1 ,\n \"b\" : 3 }"),
            ("{ \"a\" : 1 ,\n \"apikey\" : 2\n}", "{ \"a\" : 1 \n}"),
            ("{ \"apikey\" : 2\n}", "{ \n}"),
            (#"{"\u0061pikey":"k","d\u0045stination":"d","e":1}"#, #"{"e":1}"#),
        ])
    func memberAndItsCommaGo(_ body: String, _ expected: String) {
        #expect(strip(body) == expected)
    }

    @Test(
        arguments: [
            (#"{"data":{"jwt":"e","instanceName":"a"}}"#, #"{"data":{"instanceName":"a"}}"#),
            (#"{"data":{"destination":"e"},"jwt":"x"}"#, #"{"data":{}}"#),
            (#"{"data":[{"jwt":"e"},[{"Destination":"f"}]]}"#, #"{"data":[{},[{}]]}"#),
            (
                #"{"data":{"qrcode":{"instance":"a","pairingCode":null,"code":"2@x","base64":"data:"}}}"#,
                #"{"data":{"qrcode":{"instance":"a"}}}"#
            ),
            (#"{"data":{"qr":{"base64":"data:","n":1}}}"#, #"{"data":{"qr":{"n":1}}}"#),
            (#"{"data":{"qrcode":"data:image/png","n":1}}"#, #"{"data":{"n":1}}"#),
            (#"{"data":{"qrcode":null,"qr":true}}"#, #"{"data":{"qrcode":null,"qr":true}}"#),
            (
                #"{"data":{"code":"2@x","base64":"x"},"event":"qrcode.updated"}"#,
                #"{"data":{},"event":"qrcode.updated"}"#
            ),
            (#"{"event":"QRCODE_UPDATED","data":{"PairingCode":"AB"}}"#, #"{"event":"QRCODE_UPDATED","data":{}}"#),
            (#"{"event":"instance.create","data":{"hash":{"x":1}}}"#, #"{"event":"instance.create","data":{}}"#),
        ])
    func whatPairsAPhoneOrOpensAnInstanceGoes(_ body: String, _ expected: String) {
        #expect(strip(body) == expected)
    }

    @Test(
        arguments: [
            #"{"event":"messages.upsert","data":{"message":{"base64":"aGk=","imageMessage":{"code":1}}}}"#,
            #"{"event":"qrcode.updated","data":{"message":{"base64":"aGk=","code":"x","jwt":"y"}}}"#,
            #"{"data":{"code":"x","base64":"y","hash":"z","token":"t"}}"#,
            #"{"data":{"message":{"destination":"Lisboa"},"x":{"qrcode":{"code":"1"}}}}"#,
            #"{"apikeys":1,"api-key":2,"x":"apikey","destinations":["apikey"]}"#,
            #"{"data":{"message":{"conversation":"{\"apikey\":\"x\"}, \"destination\":"}}}"#,
            "{ \"n\" : [ 1.50, -0, 1e400 , 123456789012345678901234567890 ] ,\r\n\t\"\\u0041\\/\" : \"\\ud800\" }",
        ])
    func everythingElseStaysByteForByte(_ body: String) {
        #expect(strip(body) == body)
    }

    @Test(
        arguments: [
            (
                #"{"x":"https://h/webhooks/evolution/whatsapp/\#(token)/call"}"#,
                #"{"x":"https://h/webhooks/evolution/whatsapp/hgw_…/call"}"#
            ),
            (#"{"x":["\#(token)","\#(token) \#(token)"]}"#, #"{"x":["hgw_…","hgw_… hgw_…"]}"#),
            (#"{"\#(token)":{"a":"hgw_\#(token)z"}}"#, #"{"hgw_…":{"a":"hgw_…"}}"#),
            (#"{"x":"\n\#(token)\n"}"#, #"{"x":"\nhgw_…\n"}"#),
            (#"{"x":"\u0068gw\u005f\#(token.dropFirst(4))"}"#, #"{"x":"hgw_…"}"#),
            (#"{"x":"\#(token.dropLast())\u0058!"}"#, #"{"x":"hgw_…!"}"#),
            (#"{"x":"\#(token)","destination":"\#(token)","y":"\#(token)"}"#, #"{"x":"hgw_…","y":"hgw_…"}"#),
            (#"{"y":"\#(token)","destination":"\#(token)"}"#, #"{"y":"hgw_…"}"#),
            (#"{"x":"\#(token.dropLast())"}"#, #"{"x":"\#(token.dropLast())"}"#),
            (#"{"x":"\#(token.dropLast())é","y":"hgw"}"#, #"{"x":"\#(token.dropLast())é","y":"hgw"}"#),
            (#"{"x":"\#(token.dropLast(9))","123456789":1}"#, #"{"x":"\#(token.dropLast(9))","123456789":1}"#),
        ])
    func ourTokensAreMaskedWhereverTheyStand(_ body: String, _ expected: String) {
        #expect(strip(body) == expected)
    }

    @Test func theTokenThatABodyWasPostedToIsKnownByItsDigest() throws {
        func digest(_ body: String) -> TokenDigest? { StrippedBody(Array(body.utf8)).tokenDigest }
        let url = "https://hooks.example.test/base/webhooks/evolution/whatsapp/\(Self.token)"
        let expected = try #require(WebhookToken(Self.token)).digest
        #expect(
            digest(#"{"event":"call","data":{"destination":"x"},"destination":"\#(url)","sender":"y"}"#) == expected)
        for body in [
            #"{"data":{"destination":"\#(url)"}}"#, #"{"destination":["\#(url)"]}"#,
            #"{"destination":7,"x":"\#(url)"}"#,
            #"{"destination":"https://hooks.example.test/webhooks/evolution/clinic-a"}"#, #"{"destination":"\#(url)""#,
            #"{"destination":"\#(url)\#(String(repeating: "x", count: 500))"}"#,
        ] { #expect(digest(body) == nil, "\(body)") }
    }

    @Test func whatIsNoJSONKeepsEverythingButTokens() {
        #expect(strip("<a href='/\(Self.token)'>") == "<a href='/hgw_…'>")
        #expect(strip(#"{"apikey":"k""#) == #"{"apikey":"k""#)
        #expect(strip("hgw_ hgw_\(Self.token) hgw_") == "hgw_ hgw_… hgw_")
        #expect(SecretStripper.strip([]) == [])
        #expect(SecretStripper.strip([0xFF]) == [0xFF])
    }

    @Test func noFixtureKeepsASecretAndNothingElseIsLost() throws {
        for fixture in try Fixtures.evolution() {
            let bytes = try fixture.bytes()
            let stripped = SecretStripper.strip(bytes)
            let before = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            let after = try #require(try JSONSerialization.jsonObject(with: Data(stripped)) as? [String: Any])
            #expect(NSDictionary(dictionary: after) == NSDictionary(dictionary: Self.withoutSecrets(before)))
            for word in [
                "apikey", "api_key", "FAKE0000", "FAKE-GLOBAL-KEY", "destination", "eyJhbGciOi", "\"2@",
                "data:image/png",
            ] {
                let found = Data(stripped).range(of: Data(word.utf8))
                #expect(found == nil, "\(fixture.file) keeps \(word)")
            }
        }
    }

    @Test func mediaStay() throws {
        let bytes = try Fixtures.bytes("evolution/v236_messages-upsert_video-base64-1.5MB.json")
        let stripped = SecretStripper.strip(bytes)
        #expect(bytes.count - stripped.count < 300)
        #expect(Data(stripped).range(of: Data(#""base64":""#.utf8)) != nil)
    }

    /// The same by another way: parsed, removed from dictionaries, compared as dictionaries.
    private static func withoutSecrets(_ body: [String: Any]) -> [String: Any] {
        var body = body
        for key in ["apikey", "api_key", "destination"] { body[key] = nil }
        if var data = body["data"] as? [String: Any] {
            data["jwt"] = nil
            for name in ["qrcode", "qr"] {
                guard var code = data[name] as? [String: Any] else { continue }
                for key in ["code", "base64", "pairingCode"] { code[key] = nil }
                data[name] = code
            }
            body["data"] = data
        }
        return body
    }
}
