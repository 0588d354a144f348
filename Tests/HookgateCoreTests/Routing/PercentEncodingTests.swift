import HookgateCore
import HookgateTestSupport
import Testing

struct PercentEncodingTests {
    @Test func everyTextComesBack() {
        var random = SeededGenerator(seed: 3986)
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x1F9FF, using: &random))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let encoded = PercentEncoding.encode(text)
            #expect(PercentEncoding.decode(encoded.utf8).map { Array($0.utf8) } == Array(text.utf8))
            #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        }
    }

    @Test(arguments: [("a b/c", "a%20b%2Fc"), ("é", "%C3%A9"), ("-._~aZ09", "-._~aZ09"), ("100%", "100%25"), ("", "")])
    func onlyUnreservedCharactersStayAsTheyAre(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
    }

    @Test(arguments: ["%", "%4", "a%", "%g0", "%0g", "%%41", "%C3", "%80", "%ED%A0%80", "%F4%90%80%80", "% 41"])
    func brokenEscapesAreRefused(_ text: String) {
        #expect(PercentEncoding.decode(text.utf8) == nil)
    }

    @Test func bothCasesOfDigitsAreRead() {
        #expect(PercentEncoding.decode("%2f%2F%4a%4A".utf8) == "//JJ")
    }
}
