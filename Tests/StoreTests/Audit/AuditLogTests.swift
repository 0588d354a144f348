import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

@Suite(.timeLimit(.minutes(2))) struct AuditLogTests {
    private static func withEntries(_ count: Int, _ body: (TestDatabase) async throws -> Void) async throws {
        try await withSchema { database in
            for number in 0..<count {
                let entry = try AuditEntry(
                    actor: "somebody", action: "test.deed", subject: number == 0 ? nil : "é \"\(number)\"",
                    detail: ["number": number])
                try await database.pool.transaction { connection in
                    try await AuditLog.append(entry, at: Date(timeIntervalSince1970: Double(number)), on: connection)
                }
            }
            try await body(database)
        }
    }

    @Test func theChainHolds() async throws {
        try await Self.withEntries(3) { database in
            let verdict = try await AuditLog.verify(database.pool)
            #expect(verdict == .whole(entries: 3))
        }
    }

    @Test func theChainReadsTheSameInEveryTimeZone() async throws {
        try await Self.withEntries(2) { database in
            let verdict = try await database.pool.transaction { connection in
                try await connection.execute(script: "SET LOCAL TIME ZONE 'Asia/Tokyo'; SET LOCAL datestyle = 'SQL'")
                return try await AuditLog.verify(connection)
            }
            #expect(verdict == .whole(entries: 2))
        }
    }

    @Test(arguments: [
        "UPDATE hookgate.audit_log SET actor = 'nobody' WHERE id = 2",
        "UPDATE hookgate.audit_log SET detail = '{}' WHERE id = 2",
        "UPDATE hookgate.audit_log SET subject = NULL WHERE id = 2",
        "UPDATE hookgate.audit_log SET recorded_at = recorded_at + interval '1 second' WHERE id = 2",
        "UPDATE hookgate.audit_log SET digest = sha256('x') WHERE id = 2",
        "UPDATE hookgate.audit_log SET previous_digest = NULL WHERE id = 2",
    ])
    func aChangedEntryIsFound(change: String) async throws {
        try await Self.withEntries(3) { database in
            try await database.pool.query(change)
            let verdict = try await AuditLog.verify(database.pool)
            #expect(verdict == .broken(id: 2))
        }
    }

    @Test func anEntryTakenOutIsFoundAtTheNextOne() async throws {
        try await Self.withEntries(3) { database in
            try await database.pool.query("DELETE FROM hookgate.audit_log WHERE id = 2")
            let verdict = try await AuditLog.verify(database.pool)
            #expect(verdict == .broken(id: 3))
        }
    }

    @Test func writersSideBySideMakeOneChain() async throws {
        try await withSchema { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let entry = try AuditEntry(
                            actor: "task", action: "test.deed", subject: nil, detail: ["number": number])
                        try await database.pool.transaction { connection in
                            try await AuditLog.append(entry, at: Date(timeIntervalSince1970: 0), on: connection)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let verdict = try await AuditLog.verify(database.pool)
            #expect(verdict == .whole(entries: 8))
        }
    }
}
