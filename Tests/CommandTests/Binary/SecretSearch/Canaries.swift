import FoundationEssentials
import Glibc

/// Texts that must not turn up where they do not belong, and the search for them in every form that programs give them.
struct Canaries {
    /// Each with its forms, which are made once: there are thousands of pieces to search.
    private let canaries: [(text: String, forms: [[UInt8]])]

    init(texts: [String]) {
        canaries = texts.map { ($0, Self.forms(of: $0)) }
    }

    /// Those that stand in some bytes: in clear, in hexadecimal digits, in base64 or percent-encoded.
    func found(in haystack: [UInt8]) -> [String] {
        haystack.withUnsafeBytes { haystack in
            canaries.filter { $0.forms.contains { Self.stands($0, in: haystack) } }.map(\.text)
        }
    }

    func found(in haystack: String) -> [String] { found(in: Array(haystack.utf8)) }

    private static func stands(_ form: [UInt8], in haystack: UnsafeRawBufferPointer) -> Bool {
        guard let start = haystack.baseAddress, let first = form.first else { return false }
        var offset = 0
        while offset + form.count <= haystack.count,
            let hit = memchr(start + offset, Int32(first), haystack.count - offset)
        {
            offset = UnsafeRawPointer(hit) - start
            if offset + form.count <= haystack.count, memcmp(hit, form, form.count) == 0 { return true }
            offset += 1
        }
        return false
    }

    private static func forms(of text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        let lower = bytes.map { hex($0, "0123456789abcdef") }.joined()
        let upper = bytes.map { hex($0, "0123456789ABCDEF") }.joined()
        let jsonSlashes = text.replacing("/", with: "\\/")
        return [text, lower, upper, jsonSlashes].map { Array($0.utf8) } + base64(of: bytes)
    }

    private static func hex(_ byte: UInt8, _ digits: String) -> String {
        let digits = Array(digits)
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }

    /// What of its base64 does not depend on what stands before and behind it, for each of the three positions.
    private static func base64(of bytes: [UInt8]) -> [[UInt8]] {
        (0..<3).map { before in
            let padded = [UInt8](repeating: 0, count: before) + bytes
            let text = Data(padded.prefix(padded.count / 3 * 3)).base64EncodedString()
            return Array(text.dropFirst(before == 0 ? 0 : 4).utf8)
        }
    }
}
