import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1)))
struct ResolverTests {
    private let key = RoutingKey.token(Sample.digest)
    private let clock = ManualClock()
    private let metrics = GatewayMetrics()
    private let now = Date(timeIntervalSince1970: 1_760_918_400)

    private func make(
        _ source: InMemoryRoutingSource, concurrent: Int = 8, queued: Int = 1_024
    ) -> (table: RoutingTable, resolver: Resolver) {
        let time = MonotonicTime(self.clock)
        let table = RoutingTable(time: time)
        var settings = Resolver.Settings()
        settings.concurrentLookUps = concurrent
        settings.queuedLookUps = queued
        let now = self.now
        let resolver = Resolver(
            table: table, source: source, settings: settings, metrics: self.metrics, clock: TimeSource { now },
            time: time)
        return (table, resolver)
    }

    private func lookUp(_ resolver: Resolver, _ key: RoutingKey) async -> Resolution {
        await withCheckedContinuation { continuation in
            resolver.lookUp(key) { continuation.resume(returning: $0) }
        }
    }

    @Test func hitAsksNobody() {
        let source = InMemoryRoutingSource()
        let (table, resolver) = make(source)
        table.apply(Sample.world())
        for _ in 0..<1_000 { #expect(resolver.resident(self.key, at: self.now) == .deliverable(Sample.entry())) }
        #expect(source.asked.isEmpty)
        #expect(self.metrics.tiers[.memory].count == 1_000)
    }

    @Test func missIsAskedOnceAndThenResident() async {
        let source = InMemoryRoutingSource(Sample.world())
        let (_, resolver) = make(source)
        #expect(resolver.resident(self.key, at: self.now) == nil)
        #expect(await lookUp(resolver, self.key) == .deliverable(Sample.entry()))
        #expect(resolver.resident(self.key, at: self.now) == .deliverable(Sample.entry()))
        #expect(source.asked.count == 1)
    }

    @Test func thousandConcurrentMissesOfAKeyAreOneLookUp() async {
        let source = InMemoryRoutingSource(Sample.world())
        source.hold()
        let (_, resolver) = make(source)
        let answered = Milestone()
        for _ in 0..<1_000 {
            resolver.lookUp(self.key) { resolution in
                #expect(resolution == .deliverable(Sample.entry()))
                answered.reach()
            }
        }
        await source.lookUps.wait(for: 1)
        #expect(answered.count == 0)
        source.release()
        await answered.wait(for: 1_000)
        #expect(source.asked == [self.key])
        #expect(self.metrics.lookUps[.answered].count == 1)
    }

    @Test func olderAnswerAfterARevocationDoesNotUndoIt() async {
        let source = InMemoryRoutingSource(Sample.world())
        source.hold()
        let (table, resolver) = make(source)
        async let answer = lookUp(resolver, self.key)
        await source.lookUps.wait(for: 1)
        table.apply([.token(Sample.digest, Sample.integrationID(), .revoked, revision: 2)])
        source.release()
        #expect(await answer == .revoked)
        #expect(resolver.resident(self.key, at: self.now) == .revoked)
    }

    @Test func silentSourceIsGivenUpAtTheDeadline() async {
        let source = InMemoryRoutingSource(Sample.world())
        source.hold()
        let (_, resolver) = make(source)
        async let answer = lookUp(resolver, self.key)
        await self.clock.waitForSleepers(1)
        self.clock.advance(by: .milliseconds(499))
        #expect(self.metrics.lookUps[.timedOut].count == 0)
        self.clock.advance(by: .milliseconds(1))
        #expect(await answer == .undecided)
        source.release()
    }

    @Test func deadSourceKeepsItsPlacesAndFurtherQuestionsAreAnsweredAtOnce() async {
        let source = InMemoryRoutingSource()
        source.hold()
        let (_, resolver) = make(source, concurrent: 2, queued: 1)
        let answered = Milestone()
        for name in ["a", "b", "c"] {
            resolver.lookUp(.instance(InstanceName(name))) { resolution in
                #expect(resolution == .undecided)
                answered.reach()
            }
        }
        #expect(await lookUp(resolver, .instance(InstanceName("d"))) == .undecided)
        #expect(self.metrics.lookUps[.saturated].count == 1)
        await self.clock.waitForSleepers(3)
        self.clock.advance(by: .milliseconds(500))
        await answered.wait(for: 3)
        // The two that run have not come back, so their places are still taken; the queue's is free.
        #expect(resolver.lookUpsInFlight == 2)
        source.release()
    }

    @Test func queuedLookUpRunsWhenAPlaceIsFree() async {
        let source = InMemoryRoutingSource(Sample.world())
        source.hold()
        let (_, resolver) = make(source, concurrent: 1)
        async let first = lookUp(resolver, .instance(InstanceName("absent")))
        await source.lookUps.wait(for: 1)
        async let second = lookUp(resolver, self.key)
        await self.clock.waitForSleepers(2)
        source.release()
        #expect(await first == .unknown)
        #expect(await second == .deliverable(Sample.entry()))
    }

    @Test(arguments: [true, false])
    func sourceDownMeansUnknownOnlyFromACompleteAndLiveTable(live: Bool) async {
        let source = InMemoryRoutingSource()
        source.setOutage(.unavailable("down"))
        let (table, resolver) = make(source)
        table.markLoaded()
        table.markPolled(at: .zero)
        if !live { self.clock.advance(by: .seconds(6)) }
        #expect(await lookUp(resolver, self.key) == (live ? .unknown : .undecided))
        // A name may stand in a legacy table, which memory does not hold.
        #expect(await lookUp(resolver, .instance(Sample.name)) == .undecided)
    }

    @Test func whatWasLoadedWhileALookUpFailedIsNotUnknown() async {
        let source = InMemoryRoutingSource()
        source.hold()
        let (table, resolver) = make(source)
        async let answer = lookUp(resolver, self.key)
        await self.clock.waitForSleepers(1)
        table.apply(Sample.world())
        table.markLoaded()
        table.markPolled(at: .zero)
        self.clock.advance(by: .milliseconds(500))
        #expect(await answer == .deliverable(Sample.entry()))
        source.release()
    }

    @Test func absenceIsRememberedForAMomentWhileChangesArrive() async {
        let source = InMemoryRoutingSource()
        source.addLegacyName(Sample.name)
        let (table, resolver) = make(source)
        table.markPolled(at: .zero)
        for _ in 0..<3 { #expect(await lookUp(resolver, .instance(Sample.name)) == .held(nil, .noIntegration)) }
        #expect(source.asked.count == 1)
        self.clock.advance(by: .seconds(1))
        #expect(await lookUp(resolver, .instance(Sample.name)) == .held(nil, .noIntegration))
        #expect(source.asked.count == 2)
    }

    @Test func absenceIsNotRememberedWhenNoChangesArrive() async {
        let source = InMemoryRoutingSource()
        let (_, resolver) = make(source)
        for _ in 0..<2 { #expect(await lookUp(resolver, self.key) == .unknown) }
        #expect(source.asked.count == 2)
    }

    @Test func newIntegrationIsSeenThroughARememberedAbsence() async {
        let source = InMemoryRoutingSource()
        let (table, resolver) = make(source)
        table.markPolled(at: .zero)
        #expect(await lookUp(resolver, self.key) == .unknown)
        table.apply(Sample.world())
        #expect(resolver.resident(self.key, at: self.now) == .deliverable(Sample.entry()))
    }

    @Test func graceEndsWithoutAnyChange() {
        let (table, resolver) = make(InMemoryRoutingSource())
        let end = self.now.addingTimeInterval(60)
        table.apply([
            .integration(Sample.entry()),
            .token(Sample.digest, Sample.integrationID(), .grace(until: end), revision: 2),
        ])
        #expect(resolver.resident(self.key, at: self.now) == .deliverable(Sample.entry()))
        #expect(resolver.resident(self.key, at: end) == .held(Sample.entry(), .tokenRetired))
    }
}
