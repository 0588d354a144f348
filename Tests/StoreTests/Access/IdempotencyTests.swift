import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Store
import Testing

@Suite(.timeLimit(.minutes(2)))
struct IdempotencyTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    private static func key(_ request: String = "make one", of visitor: String = "somebody") -> IdempotencyKey {
        IdempotencyKey(visitor: visitor, text: "one", request: TokenDigest(of: request))
    }

    @Test func anAnswerIsRememberedForADay() async throws {
        try await withSchema { database in
            let store = PostgresIdempotency(pool: database.pool)
            #expect(try await store.begin(Self.key(), at: Self.now) == .isNew)
            #expect(try await store.begin(Self.key(), at: Self.now) == .inProgress)
            try await store.finish(Self.key(), status: 200, body: [1, 2])
            let late = Self.now.addingTimeInterval(86_399)
            #expect(try await store.begin(Self.key(), at: late) == .answered(status: 200, body: [1, 2]))
            #expect(try await store.begin(Self.key("make another"), at: late) == .differs)
            #expect(try await store.begin(Self.key("make another", of: "somebody else"), at: late) == .isNew)
            #expect(try await store.begin(Self.key("make another"), at: late.addingTimeInterval(2)) == .isNew)
        }
    }

    @Test func whatNobodyFinishedIsGivenUpAndMayBeAskedForAgain() async throws {
        try await withSchema { database in
            let store = PostgresIdempotency(pool: database.pool)
            #expect(try await store.begin(Self.key(), at: Self.now) == .isNew)
            #expect(try await store.begin(Self.key(), at: Self.now.addingTimeInterval(299)) == .inProgress)
            #expect(try await store.begin(Self.key(), at: Self.now.addingTimeInterval(301)) == .isNew)
            try await store.abandon(Self.key())
            #expect(try await store.begin(Self.key(), at: Self.now.addingTimeInterval(301)) == .isNew)
        }
    }
}
