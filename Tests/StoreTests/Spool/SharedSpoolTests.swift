import FoundationEssentials
import Glibc
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Testing

@testable import Store

/// A 200 that waits for the inbox, with a PostgreSQL that is killed.
@Suite(.timeLimit(.minutes(3))) struct SharedSpoolTests {
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try TestCluster.makeFolder(prefix: "hookgate-shared")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The server's user has to pass through it.
        #expect(chmod(folder, 0o755) == 0)
        try await body(folder)
    }

    private static func event(_ number: UInt64) -> AcceptedEvent {
        let event = AcceptedEvent.sample(number)
        // With the time that Evolution stamps, so that a retry is one.
        return AcceptedEvent(
            id: event.id, receivedAt: event.receivedAt, route: event.route, eventSuffix: nil, disposition: .pending,
            integrationID: nil, organizationID: nil, clinicID: nil, instanceName: event.instanceName,
            facts: event.facts, body: Array(#"{"event":"x","date_time":"2025-10-20T10:00:00.000Z"}"#.utf8))
    }

    private static func answer(_ event: AcceptedEvent, _ spool: SharedSpool) async -> Result<SpoolPosition, SpoolError>
    {
        await withCheckedContinuation { done in spool.append(event) { done.resume(returning: $0) } }
    }

    @Test func aKilledPostgreSQLIsA503ThatIsKeptAndWhoseRetryIsRecognised() async throws {
        try await Self.withFolder { folder in
            let options = PrivateClusterOptions(
                directory: "\(folder)/db", settings: PrivateClusterOptions.throwAwaySettings)
            let first = try await PrivateCluster.start(options)
            _ = try await SchemaApplier(url: first.url()).apply()
            let pool = PostgresPool(url: first.url())
            let spool = try await Spool.open(directory: "\(folder)/spool", options: .tiny)
            let shipper = Shipper(
                spool: spool, pool: pool, routing: PostgresRoutingSource(pool: pool, listenURL: nil),
                logger: Logger(label: "test"), sleep: { _ in try await Task.sleep(for: .milliseconds(20)) })
            let patient = SharedSpool(spool, patience: .seconds(60))
            let hasty = SharedSpool(spool, patience: .milliseconds(300))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await shipper.run() }
                // What is answered is there.
                _ = try await Self.answer(Self.event(1), patient).get()
                #expect(try await pool.query("SELECT id FROM hookgate.events").count == 1)

                await first.stop()
                #expect(await Self.answer(Self.event(2), hasty) == .failure(.notShared))
                #expect(try spool.everyID() == [Self.event(2).id])
                let second = try await PrivateCluster.start(options)
                // The sender asks again, with the same body.
                _ = try await Self.answer(Self.event(3), patient).get()
                #expect(try spool.everyID().isEmpty)
                let after = PostgresPool(url: second.url())
                #expect(try await after.query("SELECT id FROM hookgate.events").count == 1)
                #expect(try await after.query("SELECT id FROM hookgate.duplicate_events").count == 2)
                group.cancelAll()
                await after.close()
                await pool.close()
                await second.stop()
            }
            await spool.release()
        }
    }

    @Test func whatWaitsIsForgottenWithItsTime() async throws {
        let disk = SimulatedDisk()
        let spool = try Spool(disk: disk, options: .tiny)
        let shared = SharedSpool(spool, patience: .milliseconds(1))
        for number in UInt64(1)...20 {
            #expect(await Self.answer(Self.event(number), shared) == .failure(.notShared))
        }
        #expect(spool.waiterCount == 0)
        #expect(try spool.everyID().count == 20)
        await spool.release()
    }

    @Test func aLongBodyIsSharedToo() async throws {
        let disk = SimulatedDisk()
        let manual = ManualExecution()
        let spool = try Spool(disk: disk, options: .tiny, execution: manual.execution)
        let shared = SharedSpool(spool, patience: .seconds(60))
        let event = AcceptedEvent.sample(1, bodyBytes: 3_000)
        let file = shared.makeBody()
        let reading = BodyReading()
        reading.read(event.body)
        try file.write(event.body)
        try file.seal(reading.finish())
        let answers = Answers()
        file.store(event.withoutBody, at: nil, completion: answers.completion(for: event.id))
        manual.runWriter()
        #expect(answers.count == 0)
        try spool.reader.advanceNow(past: try spool.everything())
        #expect(answers.stored == [event.id])
    }
}
