import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Synchronization
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(3)))
struct MessageOrderTests {
    private static func mail(_ kind: String, _ message: String, at offset: TimeInterval) -> Mail {
        Mail(kind: kind, message: message, receivedAt: Sample.start.addingTimeInterval(offset))
    }

    private static func kinds(_ stage: DeliveryStage) -> [String] {
        stage.receiver.tasks.map { "\($0.event.kind ?? "") \($0.event.messageID ?? "")\($0.isOrphan ? " orphan" : "")" }
    }

    @Test(arguments: ["messages.edited", "messages.delete", "MESSAGES_DELETE"])
    func whatCameBeforeItsMessageGoesAfterIt(kind: String) async throws {
        try await withDelivery { stage in
            try await stage.store([
                Self.mail(kind, "A", at: 0), Self.mail("messages.upsert", "B", at: 1),
                Self.mail("messages.upsert", "A", at: 2), Self.mail("messages.upsert", "C", at: 3),
            ])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 4) }
            let kinds = Self.kinds(stage)
            #expect(
                kinds.filter { $0.hasPrefix("messages.upsert") } == ["B", "A", "C"].map { "messages.upsert \($0)" })
            let edit = try #require(kinds.firstIndex(of: "\(kind) A"))
            let message = try #require(kinds.firstIndex(of: "messages.upsert A"))
            #expect(edit > message)
        }
    }

    @Test func anEditOfAMessageThatWentLongAgoGoesAtOnce() async throws {
        try await withDelivery { stage in
            try await stage.store([Self.mail("messages.upsert", "A", at: -86_400 * 3)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 1) }
            try await stage.store([Self.mail("messages.edited", "A", at: 0)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 2) }
            #expect(Self.kinds(stage) == ["messages.upsert A", "messages.edited A"])
        }
    }

    @Test func anEditWhoseMessageNeverComesGoesAfterFiveMinutesAsAnOrphan() async throws {
        try await withDelivery { stage in
            let now = Mutex(Date())
            let time = TimeSource { now.withLock { $0 } }
            try await stage.store([
                Self.mail("messages.edited", "A", at: 0), Self.mail("messages.upsert", "B", at: 1),
            ])
            try await stage.withWorker(stage.engine(time: time)) {
                await stage.receiver.taken.wait(for: 1)
                await stage.eventually {
                    (try? await stage.count("SELECT count(*) FROM hookgate.delivery_lanes WHERE hold = 'message'")) == 1
                }
                #expect(Self.kinds(stage) == ["messages.upsert B"])
                now.withLock { $0.addTimeInterval(MessageOrder.longestWait + 1) }
                await stage.receiver.taken.wait(for: 2)
            }
            #expect(Self.kinds(stage) == ["messages.upsert B", "messages.edited A orphan"])
            #expect(
                try await stage.count("SELECT count(*) FROM hookgate.delivery_attempts WHERE is_orphan") == 1)
        }
    }

    @Test func acknowledgementsWaitForNothing() async throws {
        try await withDelivery { stage in
            try await stage.store([Self.mail("messages.update", "A", at: 0)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 1) }
            #expect(Self.kinds(stage) == ["messages.update A"])
        }
    }
}
