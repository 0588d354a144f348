import Glibc
import HookgateTestSupport
import Testing

@testable import PostgresClient

@Suite(.timeLimit(.minutes(2))) struct ListenerTests {
    @Test func notificationsArriveFromEveryChannel() async throws {
        try await withDatabase { database in
            let listener = try await PostgresListener.open(url: database.url, channels: ["plain", "Odd \"name\""])
            try await database.pool.query("SELECT pg_notify('plain', 'zoë 👋'), pg_notify('Odd \"name\"', '')")
            try await database.pool.query("SELECT pg_notify('other', 'x'), pg_notify('plain', 'last')")
            var seen: [String] = []
            for try await notification in listener.notifications {
                seen.append("\(notification.channel)|\(notification.payload)")
                if notification.payload == "last" { break }
            }
            #expect(seen == ["plain|zoë 👋", "Odd \"name\"|", "plain|last"])
            await listener.close()
        }
    }

    @Test func streamEndsWithAnErrorWhenTheConnectionDies() async throws {
        try await withDatabase { database in
            let listener = try await PostgresListener.open(url: database.url, channels: ["changes"])
            try await database.pool.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
            let error = await #expect(throws: PostgresError.self) {
                for try await _ in listener.notifications {}
            }
            #expect(error?.kind == .connectionLost)
        }
    }

    @Test func streamEndsWithAnErrorWhenTheServerFallsSilent() async throws {
        try await withDatabase { database in
            let listener = try await PostgresListener.open(
                url: database.url, channels: ["changes"],
                options: PostgresListenerOptions(heartbeat: .milliseconds(100)))
            // Its last statement is LISTEN, or by now a sign of life.
            let processes = try await database.pool.query(
                """
                SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                    AND (query LIKE 'LISTEN%' OR query = 'SHOW server_version')
                """)
            let process = try #require(processes.first).decode("pid", as: Int32.self)
            #expect(kill(process, SIGSTOP) == 0)
            let error = await #expect(throws: PostgresError.self) {
                for try await _ in listener.notifications {}
            }
            #expect(kill(process, SIGCONT) == 0)
            #expect(error?.kind == .connectionLost)
        }
    }

    @Test func quietConnectionThatAnswersStaysOpen() async throws {
        try await withDatabase { database in
            // The answer may take as long as the pause before the question: a busy machine needs its while.
            let listener = try await PostgresListener.open(
                url: database.url, channels: ["changes"], options: PostgresListenerOptions(heartbeat: .seconds(1))
            )
            // The sign of life is the last statement of the listener's session: one has passed when this is over.
            try await database.wait(
                until:
                    "(SELECT count(*) FROM pg_stat_activity WHERE query = 'SHOW server_version' AND datname = current_database()) = 1"
            )
            try await database.pool.query("SELECT pg_sleep(0.5), pg_notify('changes', 'still here')")
            var iterator = listener.notifications.makeAsyncIterator()
            #expect(try await iterator.next()?.payload == "still here")
            await listener.close()
            #expect(try await iterator.next() == nil)
        }
    }

    @Test func streamThatNobodyReadsAnyMoreEndsItsConnection() async throws {
        try await withDatabase { database in
            for _ in 1...2 {
                _ = try await PostgresListener.open(url: database.url, channels: ["changes"])
            }
            let reader = Task {
                for try await _ in PostgresListener.notifications(url: database.url, channels: ["changes"]) {}
            }
            try await database.wait(
                until:
                    "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database())")
            reader.cancel()
            _ = await reader.result
            try await database.wait(
                until:
                    "NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database())"
            )
        }
    }

    @Test func unreachableServerEndsTheStreamWithAnError() async throws {
        let error = await #expect(throws: PostgresError.self) {
            for try await _ in PostgresListener.notifications(url: "postgresql://u@127.0.0.1:1/d", channels: ["c"]) {}
        }
        #expect(error?.kind == .connectionFailed)
    }
}

struct NotificationBufferTests {
    private func notification(_ payload: String, from process: Int = 1) -> PostgresNotification {
        PostgresNotification(channel: "c", payload: payload, processID: process)
    }

    @Test func equalNotificationsThatWaitAreMerged() async throws {
        let buffer = NotificationBuffer(capacity: 2)
        for process in 1...100 { #expect(buffer.add(notification("same", from: process))) }
        #expect(buffer.add(notification("other")))
        #expect(try await buffer.next()?.payload == "same")
        #expect(buffer.add(notification("same")))
        buffer.end(.success(()))
        #expect(try await buffer.next()?.payload == "other")
        #expect(try await buffer.next()?.payload == "same")
        #expect(try await buffer.next() == nil)
    }

    @Test func readerWhoFallsBehindIsToldAfterWhatWaits() async throws {
        let buffer = NotificationBuffer(capacity: 2)
        #expect(buffer.add(notification("1")) && buffer.add(notification("2")))
        #expect(!buffer.add(notification("3")))
        #expect(try await buffer.next()?.payload == "1")
        #expect(try await buffer.next()?.payload == "2")
        let error = await #expect(throws: PostgresError.self) { try await buffer.next() }
        #expect(error?.description.contains("Read everything anew") == true)
    }
}
