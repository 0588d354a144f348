import HookgateCore
import HookgateTestSupport
import PostgresClient
import Synchronization
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct RoutingChangesTests {
    private func source(_ database: TestDatabase) -> PostgresRoutingSource {
        PostgresRoutingSource(pool: database.pool, listenURL: database.url)
    }

    /// Where the stream of changes stands now.
    private func now(_ database: TestDatabase) async throws -> RoutingCursor {
        try await self.source(database).loadAll { _ in }
    }

    private func changes(since cursor: RoutingCursor, _ database: TestDatabase) async throws -> [RoutingChange] {
        try await self.source(database).changes(since: cursor).changes
    }

    // Transactions of tests that run beside this one hold the cursor back, so a change may be told again: the tests
    // look for what they expect among what is told.

    private func deletions(_ changes: [RoutingChange]) -> [String] {
        changes.compactMap { if case .integrationDeleted(let id, _) = $0 { id.text } else { nil } }
    }

    private func entry(_ id: String, in changes: [RoutingChange]) -> RoutingEntry? {
        changes.compactMap { change -> RoutingEntry? in
            guard case .integration(let entry) = change, entry.integrationID.text == id else { return nil }
            return entry
        }.last
    }

    private func integrations(_ changes: [RoutingChange]) -> [String] {
        changes.compactMap { if case .integration(let entry) = $0 { entry.integrationID.text } else { nil } }
    }

    private func standing(of token: String, in changes: [RoutingChange]) -> TokenStanding? {
        changes.compactMap { change -> TokenStanding? in
            guard case .token(TokenDigest(of: token), _, let standing, _) = change else { return nil }
            return standing
        }.last
    }

    @Test func everythingIsLoadedPageByPage() async throws {
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (id, type, provider, config)
                SELECT CASE n WHEN 0 THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE gen_random_uuid() END,
                    CASE WHEN n < 10 THEN 'whatsapp' ELSE 'slack' END, 'evolution', jsonb_build_object('instance', 'i' || n)
                FROM generate_series(0, 11) n
                """)
            let source = PostgresRoutingSource(
                pool: database.pool, listenURL: nil,
                limits: PostgresRoutingSource.Limits(pageSize: 3, largestChange: 100))
            let pages = Mutex<[[RoutingChange]]>([])
            _ = try await source.loadAll { page in pages.withLock { $0.append(page) } }
            let loaded = pages.withLock { $0 }
            #expect(loaded.allSatisfy { $0.count <= 3 })
            #expect(Set(self.integrations(loaded.flatMap(\.self))).count == 10)
            #expect(loaded.flatMap(\.self).count == 20)
        }
    }

    @Test func updateThatDoesNotConcernRoutingIsNoChange() async throws {
        try await withSchema { database in
            try await database.insertIntegration(instance: "a")
            let revisions =
                "SELECT (SELECT revision::text FROM healthcare.integrations) || (SELECT revision::text FROM hookgate.tokens)"
            let before = try await database.text(revisions)
            let listener = try await PostgresListener.open(url: database.url, channels: ["hookgate_changes"])
            // What the old system writes all day long.
            try await database.pool.query(
                "UPDATE healthcare.integrations SET last_seen_at = now(), status = 'connected'")
            try await database.pool.query("SELECT pg_notify('hookgate_changes', 'end')")
            for try await notification in listener.notifications {
                #expect(notification.payload == "end")
                break
            }
            #expect(try await database.text(revisions) == before)
            await listener.close()
        }
    }

    @Test func changedRowIsTold() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a")
            for change in [
                "enabled = false", "clinic_id = gen_random_uuid()", "organization_id = NULL",
                "provider = 'evolution-go'",
                "config = '{\"instance\": \"b\"}'",
            ] {
                let cursor = try await self.now(database)
                try await database.pool.query("UPDATE healthcare.integrations SET \(change)")
                #expect(self.integrations(try await self.changes(since: cursor, database)) == [id], "\(change)")
            }
        }
    }

    @Test func rotationRevocationAndDeletionAreTold() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a", token: "first")
            var cursor = try await self.now(database)
            try await database.pool.transaction { connection in
                try await connection.execute(script: "SET LOCAL hookgate.rotation_grace_until = '2031-01-01'")
                try await connection.query("UPDATE healthcare.integrations SET webhook_token = 'second'")
            }
            let rotated = try await self.changes(since: cursor, database)
            guard case .grace = self.standing(of: "first", in: rotated) else {
                Issue.record("unexpected: \(rotated)")
                return
            }
            #expect(self.standing(of: "second", in: rotated) == .current)

            cursor = try await self.now(database)
            try await database.pool.query(
                "UPDATE hookgate.tokens SET state = 'revoked', grace_until = NULL WHERE state = 'grace'")
            #expect(self.standing(of: "first", in: try await self.changes(since: cursor, database)) == .revoked)

            cursor = try await self.now(database)
            try await database.pool.query("DELETE FROM healthcare.integrations")
            let deleted = try await self.changes(since: cursor, database)
            #expect(self.standing(of: "second", in: deleted) == .revoked)
            #expect(self.deletions(deleted) == [id])
        }
    }

    @Test func rowThatStopsBeingWhatsAppIsToldAsDeletedAndComesBack() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a", token: "first")
            var cursor = try await self.now(database)
            try await database.pool.query("UPDATE healthcare.integrations SET type = 'other'")
            let left = try await self.changes(since: cursor, database)
            let buried = try #require(
                left.compactMap { change -> UInt64? in
                    if case .integrationDeleted(_, let revision) = change { revision } else { nil }
                }.first)
            #expect(self.standing(of: "first", in: left) == .revoked)
            cursor = try await self.now(database)
            try await database.pool.query("UPDATE healthcare.integrations SET type = 'whatsapp'")
            let back = try await self.changes(since: cursor, database)
            #expect(try #require(self.entry(id, in: back)).revision > buried)
            #expect(self.deletions(back) == [])
            #expect(self.standing(of: "first", in: back) == .current)
        }
    }

    @Test func transactionThatCommitsLateIsNeverSkipped() async throws {
        try await withSchema { database in
            let slow = try await database.insertIntegration(instance: "slow")
            let quick = try await database.insertIntegration(instance: "quick")
            var cursor = try await self.now(database)
            let late = try await PostgresConnection.open(database.url)
            try await late.execute(
                script: "BEGIN; UPDATE healthcare.integrations SET enabled = false WHERE id = '\(slow)'")
            try await database.pool.query(
                "UPDATE healthcare.integrations SET enabled = false WHERE id = $1::uuid", [quick])

            let first = try await self.source(database).changes(since: cursor)
            #expect(self.entry(quick, in: first.changes)?.isEnabled == false)
            #expect(self.entry(slow, in: first.changes)?.isEnabled != false)
            cursor = first.next
            try await late.execute(script: "COMMIT")
            #expect(self.entry(slow, in: try await self.changes(since: cursor, database))?.isEnabled == false)
            await late.close()
        }
    }

    @Test func rowsRevisionGrowsEvenWhenAnOlderTransactionComesLater() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a")
            func revision() async throws -> UInt64 {
                UInt64(try await database.text("SELECT revision FROM healthcare.integrations") ?? "") ?? 0
            }
            let older = try await PostgresConnection.open(database.url)
            try await older.execute(script: "BEGIN; SELECT pg_current_xact_id()")
            try await database.pool.query("UPDATE healthcare.integrations SET enabled = false")
            let before = try await revision()
            let cursor = try await self.now(database)
            try await older.execute(script: "UPDATE healthcare.integrations SET enabled = true; COMMIT")
            await older.close()
            #expect(try await revision() > before)
            let told = try await self.changes(since: cursor, database)
            let entry = try #require(self.entry(id, in: told))
            #expect(entry.isEnabled)
            #expect(entry.revision > before)
        }
    }

    @Test func revisionFromBeforeARestoreCountsForNothing() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a")
            try await database.pool.execute(
                script: """
                    ALTER TABLE healthcare.integrations DISABLE TRIGGER ALL;
                    UPDATE healthcare.integrations SET revision = '900000000';
                    ALTER TABLE healthcare.integrations ENABLE TRIGGER ALL;
                    """)
            let source = self.source(database)
            guard case .instance(let restored) = try await source.fact(for: .instance(InstanceName("a"))) else {
                Issue.record("the row is not found")
                return
            }
            #expect(restored.revision == 0)
            let cursor = try await self.now(database)
            try await database.pool.query("UPDATE healthcare.integrations SET enabled = false")
            #expect(self.integrations(try await self.changes(since: cursor, database)) == [id])
            // A reader that remembers the other server's numbers is told everything.
            let foreign = try await self.changes(since: RoutingCursor(transaction: 900_000_001), database)
            #expect(self.integrations(foreign) == [id])
        }
    }

    @Test func moreChangesThanOneAnswerHoldsAreAllTold() async throws {
        try await withSchema { database in
            let doomed = try await database.insertIntegration(instance: "doomed")
            let cursor = try await self.now(database)
            try await database.pool.query("DELETE FROM healthcare.integrations")
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (type, provider, config)
                SELECT 'whatsapp', 'evolution', jsonb_build_object('instance', 'i' || n) FROM generate_series(1, 25) n
                """)
            let source = PostgresRoutingSource(
                pool: database.pool, listenURL: nil,
                limits: PostgresRoutingSource.Limits(pageSize: 4, largestChange: 10))
            let told = try await source.changes(since: cursor).changes
            #expect(Set(self.integrations(told)).count == 25)
            #expect(self.deletions(told) == [doomed])
        }
    }

    @Test func noticeComesOnceForEachTransactionAndSaysNothing() async throws {
        try await withSchema { database in
            let listener = try await PostgresListener.open(url: database.url, channels: ["hookgate_changes"])
            try await database.pool.transaction { connection in
                try await connection.query(
                    """
                    INSERT INTO healthcare.integrations (type, provider, config)
                    SELECT 'whatsapp', 'evolution', jsonb_build_object('instance', 'i' || n) FROM generate_series(1, 50) n
                    """)
                try await connection.query("UPDATE healthcare.integrations SET enabled = false")
            }
            // Comes after whatever the transaction has sent.
            try await database.pool.query("SELECT pg_notify('hookgate_changes', 'end')")
            var payloads: [String] = []
            for try await notification in listener.notifications {
                payloads.append(notification.payload)
                if notification.payload == "end" { break }
            }
            #expect(payloads == ["", "end"])
            await listener.close()
        }
    }

    @Test func changeMadeByHandTicks() async throws {
        try await withSchema { database in
            let id = try await database.insertIntegration(instance: "a")
            let notices = try await self.source(database).changeNotices()
            try await database.pool.query(
                "UPDATE healthcare.integrations SET enabled = false WHERE id = $1::uuid", [id])
            var iterator = notices.makeAsyncIterator()
            #expect(await iterator.next() != nil)
            try await database.pool.query("UPDATE hookgate.tokens SET state = 'revoked'")
            #expect(await iterator.next() != nil)
        }
    }

    @Test func lostChannelEndsTheStream() async throws {
        try await withSchema { database in
            let notices = try await self.source(database).changeNotices()
            try await database.pool.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN%'
                """)
            for await _ in notices {}
            await #expect(throws: RoutingSourceError.self) {
                try await PostgresRoutingSource(pool: database.pool, listenURL: nil).changeNotices()
            }
        }
    }
}
