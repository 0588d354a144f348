import EvolutionAPI
import HookgateCore
import HookgateTestSupport

/// Any bytes as an event of Evolution: reading them ends, in the same verdict as at the door. Shared by the seeded test
/// and the fuzzer.
enum AnyEvent {
    static func check(_ body: [UInt8]) throws {
        let facts = try? BodyScanner.scan(body)
        let event = try? EvolutionEvent(body)
        try BrokenPromise.unless((event != nil) == (facts != nil), "door and decoder do not agree")
        guard let facts, let event, let name = facts.event else { return }
        try BrokenPromise.unless(event.name == name, "another event than at the door")
    }
}
