import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import Gateway

/// What of one integration may be held back is bounded, and nobody else notices.
struct QuarantineBoundsTests {
    private static let flooder = QuarantineHolder.integration(Sample.integrationID(1))

    /// Counts as a test has set them.
    private final class Inbox: QuarantineCounting {
        private let counts = Mutex<Result<[HeldCount], RoutingSourceError>>(.success([]))

        func set(_ counts: Result<[HeldCount], RoutingSourceError>) {
            self.counts.withLock { $0 = counts }
        }

        func heldCounts(limit: Int) async throws -> [HeldCount] { try self.counts.withLock { try $0.get() } }
    }

    private static func bounds(events: Int = 10, bytes: Int = 1 << 20, holders: Int = 100) -> QuarantineBounds {
        var settings = QuarantineBounds.Settings()
        settings.maximumHolders = holders
        return QuarantineBounds(
            limits: QuarantineLimits(events: events, bytes: bytes), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func held(
        _ number: Int = 1, bytes: Int = 10, disposition: AcceptedEvent.Disposition = .quarantined(.integrationDisabled)
    ) -> AcceptedEvent {
        AcceptedEvent(
            id: EventID(UUID()), receivedAt: Date(timeIntervalSince1970: 1_760_918_400), route: .token,
            eventSuffix: nil, disposition: disposition, integrationID: Sample.integrationID(number),
            organizationID: nil, clinicID: nil, instanceName: nil, facts: BodyFacts(),
            body: [UInt8](repeating: 0, count: bytes))
    }

    @Test func aFullIntegrationIsRefusedAndTheOthersAreNot() {
        let bounds = Self.bounds()
        for _ in 1...10 { #expect(bounds.admit(Self.held(1))) }
        #expect(!bounds.admit(Self.held(1)))
        #expect(bounds.admit(Self.held(2)))
        #expect(bounds.admit(Self.held(1, disposition: .pending)))
        #expect(bounds.admit(Self.held(1, disposition: .probe)))
        #expect(bounds.status.full == 1)
        #expect(bounds.status.refused == 1)
    }

    @Test func bytesAreBoundedAsWellAsEvents() {
        let bounds = Self.bounds(bytes: 100)
        #expect(bounds.admit(Self.held(bytes: 90)))
        #expect(!bounds.admit(Self.held(bytes: 20)))
        #expect(bounds.admit(Self.held(bytes: 10)))
    }

    @Test func anAlarmIsGivenFromFourFifthsOn() {
        let bounds = Self.bounds()
        for _ in 1...7 { _ = bounds.admit(Self.held()) }
        #expect(bounds.status.alarmed == 0)
        _ = bounds.admit(Self.held())
        #expect(bounds.status.alarmed == 1)
        #expect(bounds.status.full == 0)
        let alarmed = bounds.samples().first { $0.family == "hookgate_quarantine_alarmed" }
        #expect(alarmed?.value == 1)
    }

    @Test func whatCouldNotBeStoredTakesNoRoom() {
        let bounds = Self.bounds(events: 1)
        #expect(bounds.admit(Self.held()))
        bounds.withdraw(Self.held())
        #expect(bounds.admit(Self.held()))
    }

    @Test func releasedEventsMakeRoomAtTheNextCount() async {
        let bounds = Self.bounds()
        let inbox = Inbox()
        inbox.set(.success([HeldCount(holder: Self.flooder, events: 10, bytes: 100)]))
        await bounds.count(inbox) { (10, 10) }
        #expect(!bounds.admit(Self.held()))
        inbox.set(.success([]))
        await bounds.count(inbox) { (10, 10) }
        #expect(bounds.admit(Self.held()))
        #expect(bounds.status.alarmed == 0)
    }

    @Test func eventsInTheSpoolCountUntilTheInboxHasThem() async {
        let bounds = Self.bounds()
        let inbox = Inbox()
        for _ in 1...10 { _ = bounds.admit(Self.held()) }
        // The inbox is down for shipping: however often it is counted, what waits in the spool counts too.
        for _ in 1...3 { await bounds.count(inbox) { (10, 0) } }
        #expect(!bounds.admit(Self.held()))
        // Shipped, and released by a person at once.
        for _ in 1...3 { await bounds.count(inbox) { (10, 10) } }
        #expect(bounds.admit(Self.held()))
    }

    @Test func aCountThatFailsLeavesTheBoundsAsTheyWere() async {
        let bounds = Self.bounds()
        let inbox = Inbox()
        inbox.set(.success([HeldCount(holder: Self.flooder, events: 10, bytes: 100)]))
        await bounds.count(inbox) { (10, 10) }
        inbox.set(.failure(.timedOut))
        await bounds.count(inbox) { (10, 10) }
        #expect(!bounds.admit(Self.held(1)))
        #expect(bounds.admit(Self.held(2)))
        #expect(bounds.status.lastFailure != nil)
    }

    @Test func holdersBeyondTheRoomForThemAreCountedTogether() {
        let bounds = Self.bounds(events: 2, holders: 3)
        for number in 1...3 { #expect(bounds.admit(Self.held(number))) }
        #expect(bounds.admit(Self.held(4)))
        #expect(bounds.admit(Self.held(5)))
        #expect(!bounds.admit(Self.held(6)))
        #expect(bounds.admit(Self.held(1)))
    }

    @Test func aWebhookOverTheBoundGetsA503AndIsNotStored() async throws {
        let gateway = TestGateway(
            Sample.world(enabled: false), quarantineLimits: QuarantineLimits(events: 1, bytes: 1 << 20))
        let address = try #require(WebhookAddress(requestTarget: Raw.tokenPath))
        let webhook = InboundWebhook(
            address: address, key: .token(Sample.digest), body: .bytes(Array(Sample.body.utf8)))
        func result() async -> IntakeResult {
            await withCheckedContinuation { done in
                gateway.service.intake.receive(webhook) { done.resume(returning: $0) }
            }
        }
        guard case .quarantined = await result() else {
            Issue.record("the first one is held back")
            return
        }
        let second = await result()
        #expect(second == .quarantineFull)
        #expect(gateway.spool.events.count == 1)
        let answer = Answer(second, retryAfterSeconds: 5)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.headers.contains { $0.name == "retry-after" })
    }
}
