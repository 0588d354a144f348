import HookgateTestSupport
import Testing

@testable import Gateway

struct NumberTableTests {
    /// A key of which many have one hash, so that every way through the table is gone.
    private struct Key: Hashable {
        let text: String

        func hash(into hasher: inout Hasher) {
            hasher.combine(self.text.utf8.count)
        }
    }

    @Test(arguments: 0..<8)
    func tableAnswersAsADictionaryDoes(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var keys: [Key] = []
        var expected: [Key: UInt32] = [:]
        var table = NumberTable()
        func found(_ key: Key) -> UInt32? { table.number(for: key) { keys[Int($0)] == key } }
        for _ in 0..<2_000 {
            let key = Key(text: String(repeating: "k", count: .random(in: 0...20, using: &random)) + "\(seed % 3)")
            let other = Key(text: "\(key.text.dropLast())\(Int.random(in: 0...2, using: &random))")
            for key in [key, other] {
                switch (expected[key], Int.random(in: 0...3, using: &random)) {
                case (nil, 0...2):
                    keys.append(key)
                    expected[key] = UInt32(keys.count - 1)
                    table.insert(UInt32(keys.count - 1), for: key)
                case (let number?, 0):
                    table.remove(number, for: key)
                    expected[key] = nil
                case (let number?, 1):
                    keys.append(key)
                    expected[key] = UInt32(keys.count - 1)
                    table.replace(number, by: UInt32(keys.count - 1), for: key)
                default: break
                }
                #expect(found(key) == expected[key])
            }
        }
        for key in Set(keys) { #expect(found(key) == expected[key]) }
    }
}
