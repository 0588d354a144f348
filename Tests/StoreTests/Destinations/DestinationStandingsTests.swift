import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// What is counted for many who look, and when it is counted anew.
@Suite(.timeLimit(.minutes(1)))
struct DestinationStandingsTests {
    private let now = Date(timeIntervalSince1970: 1_760_918_400)
    private let organization = OrganizationID(UUID())

    private func waiting(
        _ standings: PostgresDestinationStandings, seenBy organization: OrganizationID? = nil, after seconds: Double = 0
    ) async throws -> [String: Int] {
        let found = try await standings.standings(
            of: organization, after: nil, limit: 10, at: now.addingTimeInterval(seconds))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.scope.text, $0.waiting) })
    }

    @Test func whatWaitsIsCountedSeldomAndAnewWhenADestinationChanges() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let standings = PostgresDestinationStandings(pool: database.pool)
            let own = DestinationScope.organization(organization)
            try await events.add(.pending, organization: organization)
            #expect(try await waiting(standings) == ["default": 1])
            try await events.add(.pending, organization: organization)
            #expect(try await waiting(standings) == ["default": 1])
            #expect(try await standings.standing(of: .default, seenBy: nil, at: now)?.waiting == 1)
            // By a clock that was set back as well.
            for seconds in [60.0, -60] {
                #expect(try await waiting(standings, after: seconds) == ["default": 2])
            }
            try await database.pool.query(
                "INSERT INTO hookgate.destinations (id, kind, url) VALUES ($1, 'webhook', 'https://a.example.org')",
                [own.text])
            #expect(try await waiting(standings, after: -60) == ["default": 0, own.text: 2])
        }
    }

    @Test func oneOrganizationsCountIsItsOwn() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let standings = PostgresDestinationStandings(pool: database.pool)
            let own = DestinationScope.organization(organization)
            try await database.pool.query(
                "INSERT INTO hookgate.destinations (id, kind, url) VALUES ($1, 'webhook', 'https://a.example.org')",
                [own.text])
            for organization in [organization, organization, OrganizationID(UUID())] {
                try await events.add(.pending, organization: organization)
            }
            #expect(try await waiting(standings) == ["default": 1, own.text: 2])
            #expect(try await waiting(standings, seenBy: organization) == [own.text: 2])
        }
    }
}
