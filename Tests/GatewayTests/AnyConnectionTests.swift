import HookgateTestSupport
import Testing

/// Requests damaged at random; `make fuzz` goes on where this ends.
struct AnyConnectionTests {
    @Test(arguments: 0..<8)
    func whateverIsSentIsAnsweredAsPromised(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let count = Int.random(in: 1...4, using: &random)
            var bytes = (0..<count).flatMap { _ in
                Array((AnyConnection.requests.randomElement(using: &random) ?? "").utf8)
            }
            for _ in 0..<Int.random(in: 0...5, using: &random) { Self.damage(&bytes, using: &random) }
            let mode = UInt8.random(in: .min ... .max, using: &random)
            do {
                try AnyConnection.check([mode] + bytes)
            } catch {
                Issue.record("\(error), mode \(mode), bytes \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
        }
    }

    /// Each kind in sixteen of the modes, and each mode with some kind.
    @Test func everyKindOfRequestIsAnsweredAsPromised() throws {
        for (number, seed) in AnyConnection.seeds().enumerated() {
            for mode in stride(from: number % 16, to: 256, by: 16) {
                try AnyConnection.check([UInt8(mode)] + seed.dropFirst())
            }
        }
    }

    private static let bytesThatMatter = Array("\r\n :/?%{}\"0aZ".utf8) + [0, 0x7F, 0x80, 0xFF]

    private static func damage(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        guard let place = bytes.indices.randomElement(using: &random) else { return }
        let byte = self.bytesThatMatter.randomElement(using: &random) ?? 0
        switch Int.random(in: 0...5, using: &random) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        case 2: bytes.remove(at: place)
        case 3: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
        }
    }
}
