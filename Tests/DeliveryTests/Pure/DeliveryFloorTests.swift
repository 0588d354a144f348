import FoundationEssentials
import HookgateCore
import Testing

@testable import Delivery

struct DeliveryFloorTests {
    private static let now = Sample.start

    /// A floor that holds everything, with a destination for each clinic.
    private struct Ground {
        var floor: DeliveryFloor
        var destinations: [UUID: Destination] = [:]

        init(_ settings: DeliverySettings = DeliverySettings()) {
            floor = DeliveryFloor(settings)
            let leases = Dictionary(uniqueKeysWithValues: (0..<PartitionSet.count).map { ($0, Int64(1)) })
            floor.renewed(LeaseShare(leases: leases, fairShare: PartitionSet.count), until: now.addingTimeInterval(600))
        }

        func answer(_ event: DeliveryEvent) -> DestinationAnswer {
            event.clinicID.flatMap { destinations[$0.uuid] }.map { .destination($0) } ?? .none
        }

        /// Each chat with one event, of which the first is the oldest.
        mutating func load(clinic: UUID, chats: Range<Int64>, events: Int = 1, bodyBytes: Int = 0) {
            guard let look = floor.wish(at: now) else { return }
            var page = LanePage()
            page.lanes = chats.map { chat in
                let queued = (0..<events).map { number in
                    QueuedEvent(
                        event: Sample.event(
                            message: "\(number)", clinic: clinic, integration: clinic,
                            at: Double(chat) + Double(number) / 10), bodyBytes: bodyBytes)
                }
                return QueuedLane(id: chat, integration: clinic, events: queued)
            }
            floor.loaded(page, by: look, directory: answer)
            floor.readAll()
        }

        mutating func finish(_ turn: Turn, _ result: AttemptResult, _ verdict: DeliveryOutcome.Verdict, at now: Date) {
            floor.attempted(turn, result, at: now)
            let outcome = DeliveryOutcome(
                lane: turn.lane, fencing: turn.fencing, event: turn.queued.event, verdict: verdict)
            floor.settled(outcome, at: now, directory: answer)
        }
    }

    @Test func clinicsTakeTurnsHoweverManyChatsOneHas() {
        var ground = Ground()
        let (flooding, small) = (UUID(), [UUID(), UUID(), UUID()])
        let shared = Sample.destination(width: 8)
        for clinic in [flooding] + small { ground.destinations[clinic] = shared }
        ground.load(clinic: flooding, chats: 0..<200)
        for (number, clinic) in small.enumerated() {
            let first = Int64(1_000 + number * 10)
            ground.load(clinic: clinic, chats: first..<first + 2)
        }
        let clinics = ground.floor.takeTurns(at: Self.now).map(\.queued.event.clinicID?.uuid)
        #expect(clinics.count == 8)
        for clinic in small { #expect(clinics.count { $0 == clinic } == 2) }
        #expect(clinics.count { $0 == flooding } == 2)
    }

    @Test func widthsOfDestinationAndClinicAreKept() {
        var ground = Ground()
        let (wide, narrow) = (UUID(), UUID())
        ground.destinations[wide] = Sample.destination("wide")
        ground.destinations[narrow] = Sample.destination("narrow", width: 3)
        ground.load(clinic: wide, chats: 0..<50)
        ground.load(clinic: narrow, chats: 100..<150)
        let turns = ground.floor.takeTurns(at: Self.now)
        #expect(turns.count { $0.destination.id.text == "wide" } == DeliverySettings().clinicWidth)
        #expect(turns.count { $0.destination.id.text == "narrow" } == 3)
        #expect(ground.floor.takeTurns(at: Self.now).isEmpty)
    }

    @Test func ofAChatOneEventAtATimeIsUnderWay() {
        var ground = Ground()
        let clinic = UUID()
        ground.destinations[clinic] = Sample.destination()
        ground.load(clinic: clinic, chats: 5..<6, events: 3)
        for number in 0..<3 {
            let turns = ground.floor.takeTurns(at: Self.now)
            #expect(turns.map(\.queued.event.messageID) == ["\(number)"])
            #expect(ground.floor.takeTurns(at: Self.now).isEmpty)
            ground.finish(turns[0], .delivered(status: 200), .delivered, at: Self.now)
        }
        #expect(ground.floor.lanes.isEmpty)
    }

    @Test func aDestinationThatFailsRestsAndIsTriedWithTheOldestEvent() {
        var ground = Ground()
        let (dead, alive) = (UUID(), UUID())
        ground.destinations[dead] = Sample.destination("dead")
        ground.destinations[alive] = Sample.destination("alive")
        ground.load(clinic: dead, chats: 0..<30)
        var attempts = 0
        while let turn = ground.floor.takeTurns(at: Self.now).first(where: { $0.destination.id.text == "dead" }) {
            attempts += 1
            for other in ground.floor.lanes.values where other.isUnderWay && other.id != turn.lane {
                // What was begun beside it ends as it does.
                ground.finish(
                    Turn(
                        lane: other.id, fencing: 1, queued: other.head!, destination: turn.destination, isOrphan: false),
                    .timedOut, .retry(at: Self.now), at: Self.now)
            }
            ground.finish(turn, .timedOut, .retry(at: Self.now), at: Self.now)
            if attempts > 30 { break }
        }
        #expect(ground.floor.resting == [DestinationID("dead")])
        #expect(ground.floor.blocked.keys.contains(dead))
        #expect(ground.floor.lanes.count == 1, "what rests is not in memory, but for the oldest")
        let oldest = ground.floor.lanes.values.first?.head?.event.receivedAt
        ground.load(clinic: alive, chats: 100..<101)
        #expect(ground.floor.takeTurns(at: Self.now).map(\.destination.id.text) == ["alive"])
        let later = Self.now.addingTimeInterval(5)
        let probe = ground.floor.takeTurns(at: later)
        #expect(probe.map(\.queued.event.receivedAt) == [oldest])
        ground.finish(probe[0], .delivered(status: 200), .delivered, at: later)
        #expect(ground.floor.resting.isEmpty)
        #expect(ground.floor.blocked.isEmpty)
    }

    @Test func nothingIsBegunThatCouldOutliveTheLease() {
        var ground = Ground()
        let clinic = UUID()
        ground.destinations[clinic] = Sample.destination()
        ground.load(clinic: clinic, chats: 0..<1)
        // The lease has 600 s, the attempt may take one, and three more are for writing it down.
        #expect(ground.floor.takeTurns(at: Self.now.addingTimeInterval(596.5)).isEmpty)
        #expect(ground.floor.takeTurns(at: Self.now.addingTimeInterval(595.5)).count == 1)
    }

    @Test func whatIsAboveTheShareIsGivenBackWhenNothingOfItIsUnderWay() {
        var ground = Ground()
        let clinic = UUID()
        ground.destinations[clinic] = Sample.destination()
        ground.load(clinic: clinic, chats: 63..<64)
        let turn = ground.floor.takeTurns(at: Self.now)[0]
        ground.floor.renewed(LeaseShare(leases: ground.floor.leases, fairShare: 32), until: ground.floor.leasedUntil)
        #expect(ground.floor.takeLeft() == PartitionSet(32..<63))
        ground.finish(turn, .delivered(status: 200), .delivered, at: Self.now)
        #expect(ground.floor.takeLeft() == PartitionSet(63))
        #expect(ground.floor.leases.count == 32)
    }

    @Test func whatIsSealedWaitsWithoutAnAttemptAndIsLookedAtAgain() throws {
        var ground = Ground()
        let (sealed, open) = (UUID(), UUID())
        for clinic in [sealed, open] { ground.destinations[clinic] = Sample.destination() }
        ground.load(clinic: sealed, chats: 0..<3)
        let turn = try #require(ground.floor.takeTurns(at: Self.now).first)
        ground.floor.attempted(turn, nil, at: Self.now)
        ground.floor.foundSealed(turn.lane, at: Self.now)
        #expect(ground.floor.blocked == [sealed: .masterKeyMissing])
        #expect(ground.floor.takeDecided().isEmpty)
        #expect(ground.floor.wish(at: Self.now)?.wish.blocked == [sealed])
        ground.load(clinic: open, chats: 100..<101)
        #expect(ground.floor.takeTurns(at: Self.now).contains { $0.queued.event.clinicID?.uuid == open })
        _ = ground.floor.takeTurns(at: Self.now.addingTimeInterval(DeliverySettings().keyPause))
        #expect(ground.floor.blocked.isEmpty)
    }

    @Test func whatIsFoundSealedLaterPutsOffNoLookAtTheOthers() throws {
        var ground = Ground()
        for after in [0.0, 20] {
            let clinic = UUID()
            ground.destinations[clinic] = Sample.destination()
            ground.load(clinic: clinic, chats: Int64(after)..<Int64(after) + 1)
            let now = Self.now.addingTimeInterval(after)
            let turns = ground.floor.takeTurns(at: now)
            let turn = try #require(turns.first { $0.queued.event.clinicID?.uuid == clinic })
            ground.floor.attempted(turn, nil, at: now)
            ground.floor.foundSealed(turn.lane, at: now)
        }
        #expect(ground.floor.blocked.count == 2)
        _ = ground.floor.takeTurns(at: Self.now.addingTimeInterval(DeliverySettings().keyPause))
        #expect(ground.floor.blocked.isEmpty)
    }

    @Test func aChatThatIsDoneWithDuringALookThatLeftItOutIsLookedAtAgain() throws {
        var ground = Ground()
        let clinic = UUID()
        ground.destinations[clinic] = Sample.destination()
        ground.load(clinic: clinic, chats: 5..<6)
        let partition = try #require(ground.floor.lanes[5]).partition
        let earlier = ground.floor.wish(at: Self.now)
        let first = try #require(earlier)
        ground.floor.loaded(LanePage(), by: first, directory: ground.answer)
        let turns = ground.floor.takeTurns(at: Self.now)
        let turn = try #require(turns.first)
        ground.floor.arrived(PartitionSet(partition))
        let wished = ground.floor.wish(at: Self.now)
        let look = try #require(wished)
        #expect(look.wish.loaded == [5])
        ground.finish(turn, .delivered(status: 200), .delivered, at: Self.now)
        ground.floor.loaded(LanePage(), by: look, directory: ground.answer)
        let later = ground.floor.wish(at: Self.now)
        let next = try #require(later)
        #expect(!next.wish.replays)
        #expect(next.wish.places.contains { $0.0 == partition })
    }

    @Test func whatIsTooLargeBesideOthersWaitsAndKeepsItsPlace() {
        var settings = DeliverySettings()
        settings.maximumBodyBytes = 100
        var ground = Ground(settings)
        let clinic = UUID()
        ground.destinations[clinic] = Sample.destination()
        ground.load(clinic: clinic, chats: 0..<3, bodyBytes: 60)
        for chat in Int64(0)..<3 {
            let turns = ground.floor.takeTurns(at: Self.now)
            #expect(turns.map(\.lane) == [chat])
            ground.finish(turns[0], .delivered(status: 200), .delivered, at: Self.now)
        }
    }
}
