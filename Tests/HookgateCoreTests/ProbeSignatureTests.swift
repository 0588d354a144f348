import FoundationEssentials
import HookgateCore
import Testing

struct ProbeSignatureTests {
    private let now = Date(timeIntervalSince1970: 1_760_918_400)
    private let body = Array(#"{"event":"hookgate.probe"}"#.utf8)
    private let nonce = "4f9c1d0b77aa"

    private func key(_ byte: UInt8 = 7) throws -> ProbeKey {
        try #require(ProbeKey([UInt8](repeating: byte, count: 32)))
    }

    @Test func signatureHoldsForItsBodyWithinTheTolerance() throws {
        let header = ProbeSignature.sign(body, at: now, nonce: nonce, with: try key())
        for offset in [-300.0, 0, 300] {
            let verdict = ProbeSignature.verify(header, body: body, at: now + offset, with: [try key()])
            #expect(verdict == .valid(nonce: nonce))
        }
    }

    @Test(arguments: [-301.0, 301, 86_400])
    func signatureOutsideTheToleranceIsInvalid(offset: Double) throws {
        let header = ProbeSignature.sign(body, at: now, nonce: nonce, with: try key())
        #expect(ProbeSignature.verify(header, body: body, at: now + offset, with: [try key()]) == .invalid)
    }

    @Test func anyOfTheKeysMayHaveSigned() throws {
        let header = ProbeSignature.sign(body, at: now, nonce: nonce, with: try key(1))
        #expect(ProbeSignature.verify(header, body: body, at: now, with: [try key(2), try key(1)]) != .invalid)
        #expect(ProbeSignature.verify(header, body: body, at: now, with: [try key(2)]) == .invalid)
        #expect(ProbeSignature.verify(header, body: body, at: now, with: []) == .invalid)
    }

    @Test func signatureDoesNotHoldForAnotherBody() throws {
        let header = ProbeSignature.sign(body, at: now, nonce: nonce, with: try key())
        #expect(ProbeSignature.verify(header, body: body + [0x20], at: now, with: [try key()]) == .invalid)
    }

    @Test func everyChangedCharacterBreaksTheHeader() throws {
        let header = ProbeSignature.sign(body, at: now, nonce: nonce, with: try key())
        for index in header.utf8.indices {
            var bytes = Array(header.utf8)
            let place = header.utf8.distance(from: header.utf8.startIndex, to: index)
            bytes[place] = bytes[place] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            let changed = String(decoding: bytes, as: UTF8.self)
            #expect(ProbeSignature.verify(changed, body: body, at: now, with: [try key()]) == .invalid)
        }
    }

    @Test(arguments: ["", "v1", "v1 1760918400 4f9c1d0b77aa", "v2 1760918400 4f9c1d0b77aa 00", "v1 x y z", "🦊"])
    func anythingElseIsInvalid(header: String) throws {
        #expect(ProbeSignature.verify(header, body: body, at: now, with: [try key()]) == .invalid)
    }

    @Test func requestWithoutTheHeaderIsNoProbe() throws {
        #expect(ProbeSignature.verify(nil, body: body, at: now, with: [try key()]) == .absent)
    }

    @Test func shortKeyIsRefused() {
        #expect(ProbeKey([UInt8](repeating: 1, count: 15)) == nil)
    }

    /// Computed with `openssl dgst -sha256 -hmac`, so that the format is fixed by something other than this code.
    @Test func formatIsAsDocumented() throws {
        let key = try #require(ProbeKey(Array("0123456789abcdef".utf8)))
        let header = ProbeSignature.sign(Array("{}".utf8), at: now, nonce: "abcdefgh", with: key)
        #expect(header == "v1 1760918400 abcdefgh b9561b536b783402fc8d273280ad6030b3c7a18e355a55541757597ac95336b0")
    }
}
