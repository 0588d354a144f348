import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The tables of delivery. The queue itself is kept by triggers on `hookgate.events`; here it is read, and what became
/// of its events is written.
package struct PostgresDeliveryQueue: DeliveryQueue {
    static let channel = "hookgate_delivery"
    /// What triggers and workers say on the channel when leases were given back or a worker came.
    static let workersPayload = "workers"
    /// Bodies up to this size come with the list; larger ones are read one by one when their turn has come.
    static let smallBody = 16 << 10

    let pool: PostgresPool
    /// Nil where there is no direct connection: then new work is found by asking again and again.
    let listenURL: String?
    let bodies: BodyVault
    let options: Options
    let sleep: @Sendable (Duration) async throws -> Void

    package struct Options: Sendable {
        /// How often is asked where nobody tells.
        package var pollInterval = Duration.milliseconds(200)
        /// How long to wait before the channel is opened again.
        package var reconnectPause = Duration.seconds(2)

        package init() {}
    }

    package init(
        pool: PostgresPool, listenURL: String?, bodies: BodyVault = .clear, options: Options = Options(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.pool = pool
        self.listenURL = listenURL
        self.bodies = bodies
        self.options = options
        self.sleep = sleep
    }

    package func bodies(of events: [DeliveryEvent]) async throws -> [EventID: PendingBody] {
        guard !events.isEmpty else { return [:] }
        let days = DaySpan(events.map(\.receivedAt))
        let rows = try await pool.query(
            """
            SELECT e.id, b.body FROM unnest($1::uuid[], $2::timestamptz[]) AS t(id, received_at)
            CROSS JOIN LATERAL (
                SELECT e.day, e.id, e.state FROM hookgate.events AS e
                WHERE e.day = (t.received_at AT TIME ZONE 'UTC')::date AND e.id = t.id
                    AND e.day BETWEEN $3::date AND $4::date LIMIT 1
            ) AS e
            LEFT JOIN LATERAL (
                SELECT b.body FROM hookgate.event_bodies AS b
                WHERE b.day = e.day AND b.id = e.id AND b.day BETWEEN $3::date AND $4::date LIMIT 1
            ) AS b ON true
            WHERE e.state = 'pending'
            """, [events.map(\.id.uuid), events.map(\.receivedAt), days.first, days.last])
        var found: [EventID: PendingBody] = [:]
        var stored: [BodyVault.Stored] = []
        for row in rows {
            let id = EventID(try row.decode("id", as: UUID.self))
            found[id] = .gone
            if let bytes = try row.decode("body", as: [UInt8]?.self) { stored.append(.init(event: id, bytes: bytes)) }
        }
        return found.merging(try await opened(stored)) { _, opened in opened }
    }

    func opened(_ stored: [BodyVault.Stored]) async throws -> [EventID: PendingBody] {
        let opened = try await bodies.open(stored, on: pool)
        return Dictionary(zip(stored.map(\.event), opened.map(PendingBody.init))) { first, _ in first }
    }

    package func backlog() async throws -> DeliveryBacklog {
        let rows = try await pool.query(
            """
            SELECT (SELECT coalesce(sum(waiting), 0) FROM hookgate.delivery_lanes)::bigint AS waiting,
                (SELECT min(received_at) FROM hookgate.delivery_queue) AS oldest,
                (SELECT count(*) FROM hookgate.events WHERE state = 'parked')::bigint AS parked
            """)
        return DeliveryBacklog(
            waiting: try rows[0].decode("waiting"), oldestReceivedAt: try rows[0].decode("oldest"),
            parked: try rows[0].decode("parked"))
    }
}

extension PendingBody {
    fileprivate init(_ body: Result<[UInt8], BodyAbsence>) {
        self =
            switch body {
            case .success(let bytes): .bytes(bytes)
            case .failure(.masterKeyMissing): .sealed
            case .failure(.notKept), .failure(.keyForgotten), .failure(.damaged): .gone
            }
    }
}

/// The partitions that some events lie in: said in constants, so that the planner leaves out all others.
struct DaySpan {
    let first: String
    let last: String

    init(_ instants: [Date], reachingBack days: Int = 0) {
        let first = instants.min() ?? .distantPast
        self.first = Self.day(first.addingTimeInterval(-86_400 * Double(days)))
        self.last = Self.day(instants.max() ?? first)
    }

    private static func day(_ instant: Date) -> String { String(instant.formatted(.iso8601).prefix(10)) }
}
