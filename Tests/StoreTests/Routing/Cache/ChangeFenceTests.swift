import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Store

@Suite struct ChangeFenceTests {
    private static let origin = DatabaseIdentity(text: "0123456789abcdef")
    private static let digest = TokenDigest(of: "a")
    private static let id = IntegrationID(UUID())

    private func routing(
        revision: UInt64 = 5, asOf: UInt64 = 100, origin: DatabaseIdentity = ChangeFenceTests.origin
    ) throws -> CachedRouting {
        let stamp = CacheStamp(origin: origin, revision: revision, asOf: asOf)
        let entry = RoutingEntry(
            integrationID: Self.id, organizationID: nil, clinicID: nil, instanceName: nil, isEnabled: true,
            revision: revision)
        return try #require(
            CachedRouting(
                CachedRecord(.token(Self.digest, Self.id, .current), stamp), CachedRecord(.integration(entry), stamp)))
    }

    private func begun(bound: Int = 100) -> ChangeFence {
        var fence = ChangeFence(bound: bound)
        fence.begin(at: RoutingCursor(transaction: 100), of: Self.origin)
        return fence
    }

    @Test func nothingIsVouchedForBeforeTheStreamIsKnown() throws {
        #expect(try !ChangeFence().vouches(for: self.routing()))
        #expect(try !ChangeFence().contradicts(self.routing()))
    }

    @Test func recordOfBeforeTheStreamIsNotVouchedFor() throws {
        #expect(try self.begun().vouches(for: self.routing(asOf: 100)))
        #expect(try !self.begun().vouches(for: self.routing(asOf: 99)))
    }

    @Test func recordOfAnotherDatabaseIsContradicted() throws {
        let other = try self.routing(origin: DatabaseIdentity(text: "fedcba9876543210"))
        #expect(self.begun().contradicts(other) && !self.begun().vouches(for: other))
    }

    @Test func changeBehindAnyRecordContradictsItAndANewerRecordHolds() throws {
        for change in [
            RoutingChange.token(Self.digest, Self.id, .revoked, revision: 120),
            .integrationDeleted(Self.id, revision: 120),
        ] {
            var fence = self.begun()
            fence.note([change], upTo: RoutingCursor(transaction: 130))
            #expect(try fence.contradicts(self.routing(revision: 119, asOf: 110)))
            #expect(try fence.vouches(for: self.routing(revision: 120, asOf: 110)))
        }
    }

    @Test func tooManyChangesMakeItForgetAndVouchForLess() throws {
        var fence = self.begun(bound: 3)
        fence.note(
            (0..<4).map { .token(TokenDigest(of: "\($0)"), nil, .revoked, revision: 150) },
            upTo: RoutingCursor(transaction: 160))
        #expect(try !fence.vouches(for: self.routing(asOf: 159)))
        #expect(try fence.vouches(for: self.routing(asOf: 160)))
    }

    /// The argument itself, against a database in which transactions begin and end in any order: what is vouched for
    /// was true when the last changes were read, whichever snapshot it was read from.
    @Test func whatIsVouchedForIsTrueInAnyOrderOfTransactions() throws {
        var random = SeededGenerator(seed: 22)
        var vouched = 0
        for _ in 0..<300 {
            var world = World()
            var fence = ChangeFence(bound: Int.random(in: 1...20, using: &random))
            var cursor = RoutingCursor(transaction: 0)
            var read: [(routing: CachedRouting, at: Int)] = []
            var poll: (state: World, at: Int)?
            for step in 0..<60 {
                switch Int.random(in: 0...9, using: &random) {
                case 0...2: world.begin()
                case 3...5: world.commit(&random)
                case 6...7: if let found = world.lookUp(Self.origin, &random) { read.append((found, step)) }
                default:
                    let (changes, next) = world.changes(since: cursor)
                    if !fence.hasBegun { fence.begin(at: cursor, of: Self.origin) }
                    fence.note(changes, upTo: next)
                    cursor = next
                    poll = (world, step)
                }
                guard let poll else { continue }
                for (routing, at) in read where at < poll.at && fence.vouches(for: routing) {
                    vouched += 1
                    #expect(poll.state.says(routing))
                }
            }
        }
        #expect(vouched > 1_000)
    }
}

/// A database of three integrations and two names, with transactions that may end in any order.
private struct World {
    private struct Row {
        var revision: UInt64 = 0
        var name: Int?
    }

    private static let ids = (0..<3).map { _ in IntegrationID(UUID()) }
    private static let names = [InstanceName("a"), InstanceName("b")]
    private var next: UInt64 = 1
    private var running: [UInt64] = []
    private var rows = [Row](repeating: Row(), count: 3)

    private var xmin: UInt64 { self.running.min() ?? self.next }

    mutating func begin() {
        self.running.append(self.next)
        self.next += 1
    }

    /// Ends one that runs; it changes one row's name.
    mutating func commit(_ random: inout SeededGenerator) {
        guard let index = self.running.indices.randomElement(using: &random) else { return }
        let transaction = self.running.remove(at: index)
        let row = Int.random(in: 0..<3, using: &random)
        self.rows[row].revision = max(transaction, self.rows[row].revision + 1)
        self.rows[row].name = Int.random(in: 0...2, using: &random) == 2 ? nil : Int.random(in: 0...1, using: &random)
    }

    /// What a look-up of some name reads now; nil when it has no one holder.
    func lookUp(_ origin: DatabaseIdentity, _ random: inout SeededGenerator) -> CachedRouting? {
        let name = Int.random(in: 0...1, using: &random)
        let holders = self.holders(of: name)
        guard holders.count == 1 else { return nil }
        let entry = self.entry(holders[0])
        let asOf = self.xmin
        return CachedRouting(
            CachedRecord(nameOf: Self.names[name], entry.integrationID, origin: origin, asOf: asOf),
            CachedRecord(.integration(entry), origin: origin, asOf: asOf))
    }

    func changes(since cursor: RoutingCursor) -> ([RoutingChange], RoutingCursor) {
        let changed = self.rows.indices.filter {
            self.rows[$0].revision > 0 && self.rows[$0].revision >= cursor.transaction
        }
        return (changed.map { .integration(self.entry($0)) }, RoutingCursor(transaction: self.xmin))
    }

    func says(_ routing: CachedRouting) -> Bool {
        guard case .instance(let entry) = routing.fact, let name = entry.instanceName,
            let number = Self.names.firstIndex(of: name)
        else { return false }
        let holders = self.holders(of: number)
        return holders.count == 1 && self.entry(holders[0]) == entry
    }

    private func holders(of name: Int) -> [Int] { self.rows.indices.filter { self.rows[$0].name == name } }

    private func entry(_ row: Int) -> RoutingEntry {
        RoutingEntry(
            integrationID: Self.ids[row], organizationID: nil, clinicID: nil,
            instanceName: self.rows[row].name.map { Self.names[$0] }, isEnabled: true,
            revision: self.rows[row].revision)
    }
}
