import HookgateCore
import HookgateTestSupport
import Testing

/// Codes that another program made, with `a webhook secret`.
struct WebhookSignatureTests {
    private static let body =
        #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"id":"A1"}}}"#
    private static let code = "08c270a4c2ce450a6656cd07e94d8756ffea3cdd44255e7dce0895fc980bbb84"

    private func outcome(
        _ presented: [String], _ parts: [ArraySlice<UInt8>] = [Array(body.utf8)[...]]
    ) throws -> SecondFactorOutcome {
        var signature = WebhookSignature(try #require(WebhookSignatureKey("a webhook secret")), presented: presented)
        for part in parts { signature.update(part) }
        return signature.outcome
    }

    @Test(arguments: [code, "sha256=" + code, "SHA256=" + code.uppercased()])
    func codeInHexadecimalHoldsWithAndWithoutItsName(header: String) throws {
        #expect(try self.outcome([header]) == .satisfied)
    }

    @Test func bodyMayBeCutAnywhere() throws {
        let bytes = Array(Self.body.utf8)
        for cut in 0...bytes.count {
            #expect(try self.outcome([Self.code], [bytes[..<cut], bytes[cut...]]) == .satisfied)
        }
        #expect(try self.outcome([Self.code], bytes.indices.map { bytes[$0...$0] }) == .satisfied)
        #expect(
            try self.outcome(["1bc29671c98eaef0005ddbf2c958f4707e766e8dbe29858401baaf5156ede672"], []) == .satisfied)
    }

    /// The bytes count, not what they mean: the original signed its own rendering of them.
    @Test func sameMeaningInOtherBytesIsWrong() throws {
        let other = Array(Self.body.replacing(",", with: ", ").utf8)
        #expect(try self.outcome([Self.code], [other[...]]) == .wrong)
    }

    @Test(arguments: [
        "", "sha256=", "sha1=" + code, "sha256=sha256=" + code, String(code.dropLast()), String(code.dropLast(2)),
        code + "00", code.replacing("0", with: "g"), " " + code, "sha256= " + code,
        String(repeating: "0", count: 64), String(repeating: "ab", count: 50_000), "\u{1F600}",
    ])
    func mangledCodeIsWrong(header: String) throws {
        #expect(try self.outcome([header]) == .wrong)
    }

    @Test func noHeaderIsMissingAndTwoAreWrong() throws {
        #expect(try self.outcome([]) == .missing)
        #expect(try self.outcome([Self.code, Self.code]) == .wrong)
    }

    @Test func emptyKeyIsNone() {
        #expect(WebhookSignatureKey("") == nil)
    }
}
