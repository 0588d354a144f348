import Foundation
import HookgateCore
import HookgateTestSupport
import Testing

struct Base64URLTests {
    @Test func encodesAsFoundationDoesButForAlphabetAndPadding() {
        var random = SeededGenerator(seed: 4648)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let expected = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(Base64URL.encode(bytes) == expected)
        }
    }

    @Test func membersAreTheAlphabetAlone() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(Base64URL.isMember(byte) == alphabet.contains(byte))
        }
    }

    @Test func whatIsEncodedIsDecoded() {
        var random = SeededGenerator(seed: 4648)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
        }
    }

    /// Each text of bytes has one form: another one would be a second signature for the same thing.
    @Test(arguments: ["A", "AAAAA", "AB", "AAB", "AA==", "AA=", "A A", "AA\n", "+A", "/A", "\u{E9}A"])
    func whatIsNotSoEncodedIsNotDecoded(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
