import PostgresClient
import Synchronization

/// A statement over the legacy tables that there are. They are moved away once in a fleet's life, and may come back, also by
/// another process: what was made for them is made anew after a minute, and at once when one of them is missing.
final class LegacyStatement: Sendable {
    private struct Made {
        let text: String
        let at: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(60)

    private let pool: PostgresPool
    private let make: @Sendable (LegacyUnion) -> String
    private let made = Mutex<Made?>(nil)

    init(pool: PostgresPool, make: @escaping @Sendable (LegacyUnion) -> String) {
        self.pool = pool
        self.make = make
    }

    func run<Result>(_ ask: (String) async throws -> Result) async throws -> Result {
        if let made = made.withLock({ $0 }), made.at.duration(to: .now) < Self.lifetime {
            do {
                return try await ask(made.text)
            } catch let error as PostgresError where TableShapes.isOtherShape(error) {
                self.made.withLock { $0 = nil }
            }
        }
        let text = make(LegacyUnion(try await TableShapes.load(from: pool)))
        let result = try await ask(text)
        made.withLock { $0 = Made(text: text, at: .now) }
        return result
    }
}
