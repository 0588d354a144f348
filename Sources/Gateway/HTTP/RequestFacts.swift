import HookgateCore
import NIOHTTP1

/// What the handler needs of a request's headers, found in one pass.
struct RequestFacts: Sendable, Equatable {
    var contentLength: Int?
    var isChunked = false
    var isEncoded = false
    var expectsContinue = false
    var wantsUpgrade = false
    var probeHeader: String?

    init(_ head: HTTPRequestHead) {
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 6 where Self.same(name, "expect"):
                self.expectsContinue = head.version.minor >= 1 && Self.same(value, "100-continue")
            case 7 where Self.same(name, "upgrade"):
                self.wantsUpgrade = true
            case 14 where Self.same(name, "content-length"):
                // The parser has refused what is not a number or comes twice.
                self.contentLength = Int(value)
            case 16 where Self.same(name, "content-encoding"):
                self.isEncoded = !Self.same(value, "identity") && !value.isEmpty
            case 16 where Self.same(name, "x-hookgate-probe"):
                self.probeHeader = value
            case 17 where Self.same(name, "transfer-encoding"):
                self.isChunked = true
                // Anything before "chunked" is a coding of the body, which would not be JSON as it stands.
                self.isEncoded = self.isEncoded || !Self.same(value, "chunked")
            default:
                break
            }
        }
        // The parser stops at an upgrade, so no further request can be read from such a connection.
        if head.method == .CONNECT { self.wantsUpgrade = true }
    }

    /// No body will come, or a body of a known length up to `bytes`.
    func bodyIsAtMost(_ bytes: Int) -> Bool {
        !self.isChunked && (self.contentLength ?? 0) <= bytes
    }

    private static func same(_ text: String, _ lowerCase: StaticString) -> Bool {
        lowerCase.withUTF8Buffer { wanted in
            guard text.utf8.count == wanted.count else { return false }
            return zip(text.utf8, wanted).allSatisfy { ($0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0) == $1 }
        }
    }
}
