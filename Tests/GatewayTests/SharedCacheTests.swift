import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Synchronization
import Testing

@testable import Gateway

/// What the resolver makes of answers from the cache that replicas share.
@Suite(.timeLimit(.minutes(1)))
struct SharedCacheTests {
    /// A source that gives the answers it is told to, one by one.
    private final class AnsweringSource: RoutingSource {
        private let answers: Mutex<[RoutingAnswer]>

        init(_ answers: RoutingAnswer...) {
            self.answers = Mutex(answers)
        }

        func answer(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingAnswer {
            guard let next = self.answers.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { throw .timedOut }
            return next
        }

        func fact(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingFact {
            throw .timedOut
        }

        func facts(for keys: [RoutingKey]) async throws(RoutingSourceError) -> [RoutingKey: RoutingFact] {
            throw .timedOut
        }

        func loadAll(
            page: @Sendable ([RoutingChange]) async -> Void
        ) async throws(RoutingSourceError) -> RoutingCursor { throw .timedOut }

        func changes(
            since cursor: RoutingCursor
        ) async throws(RoutingSourceError) -> (changes: [RoutingChange], next: RoutingCursor) { throw .timedOut }

        func changeNotices() async throws(RoutingSourceError) -> AsyncStream<Void> { throw .timedOut }
    }

    private let key = RoutingKey.token(Sample.digest)
    private let fact = RoutingFact.token(Sample.entry(), .current)
    private let metrics = GatewayMetrics()

    private func lookUp(_ resolver: Resolver) async -> Resolution {
        await withCheckedContinuation { continuation in
            resolver.lookUp(self.key) { continuation.resume(returning: $0) }
        }
    }

    @Test func staleAnswerIsGivenAndNotKept() async {
        let source = AnsweringSource(.stale(self.fact), .source(.token(Sample.entry(), .revoked)))
        let resolver = Resolver(table: RoutingTable(), source: source, metrics: self.metrics)
        #expect(await self.lookUp(resolver) == .deliverable(Sample.entry()))
        #expect(resolver.resident(self.key, at: Date()) == nil)
        #expect(await self.lookUp(resolver) == .revoked)
        #expect(self.metrics.tiers[.stale].count == 1 && self.metrics.tiers[.source].count == 1)
    }

    @Test func staleAnswerYieldsToWhatMemoryHasLearnedMeanwhile() async {
        let table = RoutingTable()
        let resolver = Resolver(table: table, source: AnsweringSource(.stale(self.fact)), metrics: self.metrics)
        table.apply([
            .integration(Sample.entry()), .token(Sample.digest, Sample.integrationID(), .revoked, revision: 9),
        ])
        #expect(await self.lookUp(resolver) == .revoked)
    }

    @Test func provenAnswerIsKept() async {
        let resolver = Resolver(
            table: RoutingTable(), source: AnsweringSource(.cache(self.fact)), metrics: self.metrics)
        #expect(await self.lookUp(resolver) == .deliverable(Sample.entry()))
        #expect(resolver.resident(self.key, at: Date()) == .deliverable(Sample.entry()))
        #expect(self.metrics.tiers[.cache].count == 1)
    }
}
