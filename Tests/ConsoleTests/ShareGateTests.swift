import FoundationEssentials
import HookgateCore
import Testing

@testable import Console

struct ShareGateTests {
    @Test func oneTakesHalfAndTheOthersTheRest() {
        let gate = ShareGate(8)
        let (one, other, third) = (OrganizationID(UUID()), OrganizationID(UUID()), OrganizationID(UUID()))
        #expect((1...8).count { _ in gate.enter(one) } == 4)
        #expect(!gate.hasPlace(one) && gate.hasPlace(other) && gate.hasPlace(nil))
        #expect((1...8).count { _ in gate.enter(nil) } == 4)
        #expect(!gate.enter(other) && !gate.enter(third))
        gate.leave(one)
        #expect(gate.enter(other) && !gate.enter(one))
        for _ in 1...3 { gate.leave(one) }
        #expect((1...8).count { _ in gate.enter(third) } == 3)
    }

    @Test func aPlaceIsThereForWhoeverIsAlone() {
        let gate = ShareGate(1)
        #expect(gate.enter(nil) && !gate.enter(nil))
    }
}
