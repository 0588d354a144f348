import FoundationEssentials
import Glibc
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Delivery

/// A server of its own that is stopped and started again under delivery.
@Suite(.timeLimit(.minutes(3)))
struct DeliveryOutageTests {
    @Test func whilePostgreSQLIsStoppedNothingIsLostAndWhenItIsBackAllGoesOn() async throws {
        let folder = try TestCluster.makeFolder(prefix: "hookgate-outage")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The server's user has to pass through it.
        #expect(chmod(folder, 0o755) == 0)
        let options = PrivateClusterOptions(directory: "\(folder)/db")
        let first = try await PrivateCluster.start(options)
        let url = first.url()
        _ = try await SchemaApplier(url: url).apply()
        let pool = PostgresPool(url: url)
        let stage = DeliveryStage(database: TestDatabase(name: "postgres", url: url, pool: pool))
        let ids = try await stage.store(Mail.many(chats: 20, each: 20))
        let engine = stage.engine()
        var second: PrivateCluster?
        try await stage.withWorker(engine) {
            await stage.receiver.taken.wait(for: 50)
            await first.stop()
            await stage.eventually { engine.readiness().state == .degraded }
            // Longer than a lease: nothing may be begun by right of one that nobody could renew.
            await stage.eventually { engine.state.withLock { $0.floor.leasedUntil } < Date() }
            await stage.eventually { engine.state.withLock { $0.floor.underWay } == 0 }
            second = try await PrivateCluster.start(options)
            #expect(second?.url() == url)
            await stage.receiver.taken.wait(for: ids.count)
            await stage.settled(ids.count)
        }
        #expect(stage.receiver.inversions == 0)
        #expect(try await stage.states() == ["delivered": ids.count])
        await pool.close()
        await second?.stop()
    }
}
