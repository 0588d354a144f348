import HookgateCore
import HookgateTestSupport
import Synchronization
import Testing

@testable import Gateway

/// Which requests are shown to whoever compares the two ways of resolving.
struct LegacyRequestTests {
    private final class Observer: LegacyRequestObserver {
        let seen = Mutex<[(InstanceName, InstanceOwner?)]>([])

        func observed(_ instance: InstanceName, owner: InstanceOwner?) {
            self.seen.withLock { $0.append((instance, owner)) }
        }
    }

    private static func observed(
        _ requests: [String], spool: InMemorySpool.Behaviour = .stores
    ) throws -> [(InstanceName, InstanceOwner?)] {
        let observer = Observer()
        // No look-up begins: it would answer from another thread, and this channel has but one.
        let gateway = TestGateway(spool: spool, lookUps: 0, legacyRequests: observer)
        for request in requests { try gateway.send(request) }
        return observer.seen.withLock { $0 }
    }

    @Test func whatIsStoredOnTheLegacyRouteIsShownWithItsOwner() throws {
        let entry = Sample.entry()
        let seen = try Self.observed([Raw.post(Raw.namePath), Raw.post(Raw.tokenPath)])
        #expect(seen.map(\.0) == [Sample.name])
        #expect(seen.first?.1 == InstanceOwner(organizationID: entry.organizationID, clinicID: entry.clinicID))
    }

    @Test func whatIsRefusedOrNotStoredIsNot() throws {
        #expect(try Self.observed([Raw.post(Raw.namePath, "{"), Raw.post("/webhooks/evolution/.env", "{")]).isEmpty)
        #expect(try Self.observed([Raw.post(Raw.namePath)], spool: .fails(.full)).isEmpty)
    }
}
