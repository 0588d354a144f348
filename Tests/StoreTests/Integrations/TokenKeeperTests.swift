import Fleet
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// Deciding, writing and what the ledger and routing say afterwards, on a real database.
@Suite(.timeLimit(.minutes(2))) struct TokenKeeperTests {
    private static let now = Date(timeIntervalSince1970: 1_760_918_400)
    private static let random = Array(0...31).map { UInt8($0) }

    private func keeper(_ database: TestDatabase) -> TokenKeeper {
        TokenKeeper(ledger: PostgresTokenLedger(pool: database.pool, actor: "anna@test"))
    }

    private func fact(_ token: TokenDigest, _ database: TestDatabase) async throws -> RoutingFact {
        try await PostgresRoutingSource(pool: database.pool, listenURL: nil).fact(for: .token(token))
    }

    private func standing(_ token: TokenDigest, _ database: TestDatabase) async throws -> TokenStanding? {
        guard case .token(_, let standing) = try await self.fact(token, database) else { return nil }
        return standing
    }

    private func token(of id: String, _ database: TestDatabase) async throws -> String {
        try #require(try await database.text("SELECT webhook_token FROM healthcare.integrations WHERE id = '\(id)'"))
    }

    @Test func rotationGivesANewTokenAndTheOldOneAGrace() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let old = TokenDigest(of: try await self.token(of: id, database))
            let keeper = self.keeper(database)
            let plan = try await keeper.rotation(
                of: "clinic-a", grace: .seconds(86_400), at: Self.now, random: Self.random)
            #expect(plan.holding.current == old)
            try await keeper.carryOut(plan, base: nil, at: Self.now)
            #expect(try await self.standing(old, database) == .grace(until: Self.now.addingTimeInterval(86_400)))
            let new = WebhookToken(randomBytes: Self.random)
            #expect(try await self.token(of: id, database) == new.secretText)
            #expect(try await self.standing(new.digest, database) == .current)
            let row = try await database.text(
                "SELECT token_rotated_at || '/' || previous_token_valid_until FROM healthcare.integrations")
            #expect(row == "2025-10-20 00:00:00+00/2025-10-21 00:00:00+00")
            // Past its grace the fact is the same, and means "held".
            let fact = try await self.fact(old, database)
            guard case .held(_, .tokenRetired) = Resolution(fact, at: Self.now.addingTimeInterval(86_401)) else {
                Issue.record("not held")
                return
            }
        }
    }

    @Test func webhookURLFollowsTheToken() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let old = try await self.token(of: id, database)
            try await database.pool.query(
                "UPDATE healthcare.integrations SET webhook_url = 'https://old.example/webhooks/evolution/whatsapp/' || webhook_token"
            )
            let keeper = self.keeper(database)
            func rotate(_ byte: UInt8, base: PublicURL?) async throws -> (token: String, url: String?) {
                let random = [UInt8](repeating: byte, count: 32)
                let plan = try await keeper.rotation(of: "clinic-a", grace: .zero, at: Self.now, random: random)
                try await keeper.carryOut(plan, base: base, at: Self.now)
                let url = try await database.text("SELECT webhook_url FROM healthcare.integrations")
                return (try await self.token(of: id, database), url)
            }
            let kept = try await rotate(1, base: nil)
            #expect(kept.url == "https://old.example/webhooks/evolution/whatsapp/\(kept.token)" && kept.token != old)
            let stated = try await rotate(2, base: PublicURL("https://new.example"))
            #expect(stated.url == "https://new.example/webhooks/evolution/whatsapp/\(stated.token)")
            try await database.pool.query("UPDATE healthcare.integrations SET webhook_url = NULL")
            #expect(try await rotate(3, base: nil).url == nil)
        }
    }

    @Test func graceOfZeroEndsTheOldTokenAtOnce() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let old = TokenDigest(of: try await self.token(of: id, database))
            let keeper = self.keeper(database)
            let plan = try await keeper.rotation(of: "clinic-a", grace: .zero, at: Self.now, random: Self.random)
            try await keeper.carryOut(plan, base: nil, at: Self.now)
            #expect(try await self.standing(old, database) == .revoked)
        }
    }

    @Test func revocationOfAnInstanceEndsItsCurrentTokenAndThoseInGrace() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let first = TokenDigest(of: try await self.token(of: id, database))
            let keeper = self.keeper(database)
            let rotation = try await keeper.rotation(
                of: "clinic-a", grace: .seconds(60), at: Self.now, random: Self.random)
            try await keeper.carryOut(rotation, base: nil, at: Self.now)
            let second = WebhookToken(randomBytes: Self.random).digest
            let random = [UInt8](repeating: 7, count: 32)
            let plan = try await keeper.revocation(of: id, at: Self.now, random: random)
            try await keeper.carryOut(plan, base: nil, at: Self.now)
            #expect(try await self.standing(first, database) == .revoked)
            #expect(try await self.standing(second, database) == .revoked)
            #expect(try await self.standing(WebhookToken(randomBytes: random).digest, database) == .current)
        }
    }

    @Test func revocationByFingerprintEndsThatTokenAlone() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let first = TokenDigest(of: try await self.token(of: id, database))
            let keeper = self.keeper(database)
            let rotation = try await keeper.rotation(
                of: "clinic-a", grace: .seconds(60), at: Self.now, random: Self.random)
            try await keeper.carryOut(rotation, base: nil, at: Self.now)
            let second = WebhookToken(randomBytes: Self.random).digest
            let random = [UInt8](repeating: 7, count: 32)
            let plan = try await keeper.revocation(of: first.fingerprint, at: Self.now, random: random)
            #expect(plan.change.replacement == nil)
            try await keeper.carryOut(plan, base: nil, at: Self.now)
            #expect(try await self.standing(first, database) == .revoked)
            #expect(try await self.standing(second, database) == .current)
            await #expect(throws: TokenKeeperError.alreadyRevoked(first.fingerprint)) {
                try await keeper.revocation(of: first.fingerprint, at: Self.now, random: random)
            }
            // The current one by its fingerprint is replaced, and none has grace.
            let current = try await keeper.revocation(of: second.fingerprint, at: Self.now, random: random)
            try await keeper.carryOut(current, base: nil, at: Self.now)
            #expect(try await self.standing(second, database) == .revoked)
        }
    }

    @Test func everyChangeIsInTheAuditLogByFingerprints() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let first = TokenDigest(of: try await self.token(of: id, database))
            let keeper = self.keeper(database)
            let random = [UInt8](repeating: 7, count: 32)
            let (second, third) = (
                WebhookToken(randomBytes: Self.random).digest, WebhookToken(randomBytes: random).digest
            )
            let rotation = try await keeper.rotation(
                of: "clinic-a", grace: .seconds(60), at: Self.now, random: Self.random)
            try await keeper.carryOut(rotation, base: nil, at: Self.now)
            try await keeper.carryOut(
                try await keeper.revocation(of: first.fingerprint, at: Self.now, random: random), base: nil,
                at: Self.now)
            let plan = try await keeper.revocation(of: id, at: Self.now, random: random)
            try await keeper.carryOut(plan, base: nil, at: Self.now)
            // What was decided on another token is not written, and not noted.
            await #expect(throws: TokenKeeperError.changedMeanwhile) {
                try await keeper.carryOut(plan, base: nil, at: Self.now)
            }
            let entries = try await database.pool.query(
                """
                SELECT concat_ws(' ', actor, action, subject, coalesce(detail->>'made', '-'), detail->>'revoked') AS entry
                FROM hookgate.audit_log ORDER BY id
                """
            ).map { row in try row.decode("entry", as: String.self) }
            #expect(
                entries == [
                    "anna@test tokens.rotate \(id) \(second.fingerprint) []",
                    "anna@test tokens.revoke \(id) - [\"\(first.fingerprint)\"]",
                    "anna@test tokens.revoke \(id) \(third.fingerprint) [\"\(second.fingerprint)\"]",
                ])
        }
    }

    @Test func changeMadeByHandMeanwhileIsNotRunOver() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "clinic-a")
            let keeper = self.keeper(database)
            let plan = try await keeper.rotation(of: "clinic-a", grace: .zero, at: Self.now, random: Self.random)
            try await database.pool.query("UPDATE healthcare.integrations SET webhook_token = NULL")
            let byHand = try await self.token(of: id, database)
            await #expect(throws: TokenKeeperError.changedMeanwhile) {
                try await keeper.carryOut(plan, base: nil, at: Self.now)
            }
            #expect(try await self.token(of: id, database) == byHand)
        }
    }

    @Test func namesAreMatchedExactlyAndUnknownOnesListTheRest() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "clinic-a")
            let keeper = self.keeper(database)
            for name in ["clinic-", "clinic-A", "clinic-a ", "%", "clinic_a", "deadbeef", UUID().uuidString] {
                await #expect(throws: TokenKeeperError.unknown([InstanceName("clinic-a")])) {
                    try await keeper.revocation(of: name, at: Self.now, random: Self.random)
                }
            }
        }
    }
}
