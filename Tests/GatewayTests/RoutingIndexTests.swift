import FoundationEssentials
import HookgateCore
import Testing

@testable import Gateway

struct RoutingIndexTests {
    private let tokenKey = RoutingKey.token(Sample.digest)
    private let nameKey = RoutingKey.instance(Sample.name)

    private func index(_ changes: [RoutingChange], bound: Int = 100, loaded: Bool = true) -> RoutingIndex {
        var index = RoutingIndex(bound: bound)
        for change in changes { index.apply(change) }
        if loaded { index.markLoaded() }
        return index
    }

    @Test func tokenAndNameLeadToTheirIntegration() {
        let index = index(Sample.world())
        #expect(index.fact(for: tokenKey) == .token(Sample.entry(), .current))
        #expect(index.fact(for: nameKey) == .instance(Sample.entry()))
    }

    @Test func tokenMayComeBeforeItsIntegration() {
        var index = index([.token(Sample.digest, Sample.integrationID(), .current, revision: 1)])
        #expect(index.fact(for: tokenKey) == nil)
        index.apply(.integration(Sample.entry()))
        #expect(index.fact(for: tokenKey) == .token(Sample.entry(), .current))
    }

    @Test func olderRevisionNeverReplacesNewer() {
        var index = index([
            .integration(Sample.entry(enabled: false, revision: 5)),
            .token(Sample.digest, Sample.integrationID(), .revoked, revision: 5),
        ])
        index.apply(.integration(Sample.entry(enabled: true, revision: 4)))
        index.apply(.token(Sample.digest, Sample.integrationID(), .current, revision: 4))
        #expect(index.fact(for: tokenKey) == .token(Sample.entry(enabled: false, revision: 5), .revoked))
    }

    @Test func fillNeverUndoesARevocation() {
        var index = index([.token(Sample.digest, Sample.integrationID(), .revoked, revision: 6)])
        let filled = index.fill(.token(Sample.entry(revision: 5), .current), for: tokenKey)
        #expect(filled == .holds(.token(Sample.entry(revision: 5), .revoked)))
    }

    @Test func tombstoneHoldsAgainstOlderFillsAndTurnsTokensOff() {
        var index = index(Sample.world() + [.integrationDeleted(Sample.integrationID(), revision: 7)])
        #expect(index.fact(for: tokenKey) == .revokedToken)
        #expect(index.fact(for: nameKey) == nil)
        #expect(index.fill(.token(Sample.entry(revision: 6), .current), for: tokenKey) == .holds(.revokedToken))
        #expect(index.fill(.instance(Sample.entry(revision: 6)), for: nameKey) == .superseded)
        index.apply(.integration(Sample.entry(revision: 8)))
        #expect(index.fact(for: nameKey) == .instance(Sample.entry(revision: 8)))
    }

    @Test func deletionOfTheSameRevisionWinsAndStays() {
        var index = index(Sample.world() + [.integrationDeleted(Sample.integrationID(), revision: 1)])
        index.apply(.integration(Sample.entry(revision: 1)))
        #expect(index.fact(for: tokenKey) == .revokedToken)
    }

    @Test func secondHolderOfANameMakesItADuplicateUntilOneLeaves() {
        var index = index([
            .integration(Sample.entry(1)), .integration(Sample.entry(2)), .integration(Sample.entry(3)),
        ])
        #expect(index.fact(for: nameKey) == .duplicateInstance)
        index.apply(.integration(Sample.entry(2, name: InstanceName("elsewhere"), revision: 2)))
        #expect(index.fact(for: nameKey) == .duplicateInstance)
        index.apply(.integrationDeleted(Sample.integrationID(3), revision: 2))
        #expect(index.fact(for: nameKey) == .instance(Sample.entry(1)))
        #expect(
            index.fact(for: .instance(InstanceName("elsewhere")))
                == .instance(Sample.entry(2, name: InstanceName("elsewhere"), revision: 2)))
    }

    @Test(arguments: [[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1]])
    func holdersOfANameMayLeaveInAnyOrder(order: [Int]) {
        var index = index((1...3).map { .integration(Sample.entry($0)) })
        for number in order.dropLast() { index.apply(.integrationDeleted(Sample.integrationID(number), revision: 2)) }
        #expect(index.fact(for: nameKey) == order.last.map { .instance(Sample.entry($0)) })
    }

    @Test func incompleteIndexDoesNotAnswerForANameItHeardOfByChance() {
        var index = index(Sample.world(), loaded: false)
        #expect(index.fact(for: tokenKey) != nil)
        #expect(index.fact(for: nameKey) == nil)
        #expect(index.fill(.instance(Sample.entry()), for: nameKey) == .holds(.instance(Sample.entry())))
        #expect(index.fact(for: nameKey) == .instance(Sample.entry()))
        index.apply(.integration(Sample.entry(2)))
        #expect(index.fact(for: nameKey) == .duplicateInstance)
    }

    @Test func boundIsKeptAndEndsCompleteness() {
        var index = index((1...3).map { .integration(Sample.entry($0, name: InstanceName("i\($0)"))) }, bound: 2)
        #expect(index.integrationCount == 2)
        #expect(!index.isComplete)
        let third = Sample.entry(3, name: InstanceName("i3"))
        #expect(index.fill(.token(third, .current), for: tokenKey) == .notKept)
        #expect(index.fact(for: tokenKey) == nil)
    }

    @Test func absencesAreNotKept() {
        var index = index([])
        #expect(index.fill(.nothing, for: tokenKey) == .notKept)
        #expect(index.fill(.legacyInstance, for: nameKey) == .notKept)
        #expect(index.fill(.revokedToken, for: tokenKey) == .holds(.revokedToken))
    }
}
