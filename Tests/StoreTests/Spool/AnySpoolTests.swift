import HookgateCore
import Testing

@testable import Store

/// Files of a spool damaged at random, in many places at once; `make fuzz` goes on where this ends.
@Suite(.timeLimit(.minutes(1))) struct AnySpoolTests {
    @Test(arguments: 0..<8)
    func whateverIsOnTheDiskNothingIsInventedAndNothingCrashes(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let damages = Int.random(in: 0...12, using: &random)
            let input = (0..<1 + damages * 4).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            do { try AnySpool.check(input) } catch { Issue.record("\(error), input \(input)") }
        }
    }

    @Test func everySeedAndEveryPrefixOfItIsSurvived() throws {
        for seed in AnySpool.seeds() {
            for count in 0...seed.count { try AnySpool.check(Array(seed.prefix(count))) }
        }
    }
}
