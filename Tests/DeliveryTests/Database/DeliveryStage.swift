import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Store
import Synchronization

@testable import Delivery

/// A database with events that wait, workers on it, and a receiver that keeps what it got.
struct DeliveryStage {
    let database: TestDatabase
    let receiver = Receiver()
    let directory = OneDestination(
        Destination(id: .default, kind: .webhook(url: "http://127.0.0.1"), timeout: .milliseconds(500)))

    /// Quick enough for a test, in the proportions of the real ones.
    static var settings: DeliverySettings {
        var settings = DeliverySettings()
        settings.lease = 2
        settings.leaseMargin = 0.2
        settings.renewal = .milliseconds(200)
        settings.pollInterval = .milliseconds(50)
        settings.firstPause = .milliseconds(20)
        settings.longestPause = .milliseconds(200)
        settings.schedule.firstDelay = 0.02
        settings.schedule.longestDelay = 0.1
        settings.breaker.firstPause = 0.05
        settings.breaker.longestPause = 0.2
        return settings
    }

    var queue: PostgresDeliveryQueue { PostgresDeliveryQueue(pool: database.pool, listenURL: database.url) }

    func engine(
        queue: (any DeliveryQueue)? = nil, settings: DeliverySettings = settings, time: TimeSource = .system
    ) -> DeliveryEngine {
        DeliveryEngine(
            queue: queue ?? self.queue, sender: receiver, directory: directory, settings: settings, time: time,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Runs `body` beside a worker, which ends in good order afterwards.
    func withWorker(_ engine: DeliveryEngine? = nil, _ body: () async throws -> Void) async throws {
        let engine = engine ?? self.engine()
        try await withThrowingTaskGroup { group in
            group.addTask { await engine.run() }
            do { try await body() } catch {
                group.cancelAll()
                throw error
            }
            engine.end()
            try await group.waitForAll()
        }
    }

    /// Puts events into the inbox as the shipper does: their rows, then their bodies, in one transaction.
    @discardableResult
    func store(_ events: [Mail]) async throws -> [EventID] {
        let ids = events.map {
            EventID.timeOrdered(at: $0.receivedAt, random: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
        }
        try await database.pool.transaction { connection in
            try await connection.query(
                """
                SELECT hookgate.ensure_event_partitions(day) FROM (
                    SELECT DISTINCT (t AT TIME ZONE 'UTC')::date AS day FROM unnest($1::timestamptz[]) AS t) AS days
                """, [events.map(\.receivedAt)])
            try await connection.query(
                """
                WITH incoming AS (
                    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                        $7::text[], $8::bytea[])
                    AS t(id, received_at, integration_id, clinic_id, chat, event, message_id, body)
                ), stored AS (
                    INSERT INTO hookgate.events (id, day, received_at, integration_id, clinic_id, chat, event, message_id,
                        route, state, gateway_id, body_bytes, body_sha256)
                    SELECT id, (received_at AT TIME ZONE 'UTC')::date, received_at, integration_id, clinic_id, chat, event,
                        message_id, 'token', 'pending', $9, octet_length(body), sha256(body)
                    FROM incoming
                )
                INSERT INTO hookgate.event_bodies (id, day, body)
                SELECT id, (received_at AT TIME ZONE 'UTC')::date, body FROM incoming
                """,
                [
                    ids.map(\.uuid), events.map(\.receivedAt), events.map(\.clinic), events.map(\.clinic),
                    events.map(\.chat), events.map(\.kind), events.map(\.message), events.map { Array($0.body.utf8) },
                    Self.gateway,
                ])
        }
        return ids
    }

    static let gateway = UUID()

    func states() async throws -> [String: Int] {
        let rows = try await database.pool.query(
            "SELECT state, count(*)::bigint AS count FROM hookgate.events GROUP BY state")
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (try $0.decode("state"), try $0.decode("count", as: Int.self)) })
    }

    func count(_ sql: String) async throws -> Int {
        try await database.pool.query("SELECT (\(sql))::bigint AS count")[0].decode("count")
    }
}

/// Runs `body` with a fresh database that has the whole schema.
func withDelivery(_ body: (DeliveryStage) async throws -> Void) async throws {
    try await withSchema { try await body(DeliveryStage(database: $0)) }
}

/// An event as a test wants it.
struct Mail {
    var clinic = UUID(uuid: (0xC0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))
    var chat: String? = "5511@s.whatsapp.net"
    var kind = "messages.upsert"
    var message: String?
    var body = #"{"event":"messages.upsert","data":{"key":{"fromMe":false}}}"#
    var receivedAt = Sample.start

    /// Many chats of one clinic, their events interleaved, each with its number as its message's id.
    static func many(
        chats: Int, each: Int, clinic: UUID = Mail().clinic, from start: Date = Sample.start
    ) -> [Mail] {
        (0..<chats * each).map { number in
            Mail(
                clinic: clinic, chat: "\(number % chats)@s.whatsapp.net", message: "\(number / chats)",
                receivedAt: start.addingTimeInterval(Double(number) / 1_000))
        }
    }
}

/// Stands for a destination: keeps what it was sent, and answers as the test says.
final class Receiver: DeliverySender {
    private struct State {
        var tasks: [DeliveryTask] = []
        var delivered: Set<EventID> = []
        var answer: @Sendable (DeliveryTask) async -> AttemptResult = { _ in .delivered(status: 200) }
    }

    private let state = Mutex(State())
    /// Events that were taken for the first time.
    let taken = Milestone()
    /// All attempts.
    let asked = Milestone()

    var tasks: [DeliveryTask] { state.withLock { $0.tasks } }
    /// Those that were taken, each once, in the order of that.
    let order = Mutex<[DeliveryTask]>([])
    var doubled: Int { doubles.withLock { $0 } }
    private let doubles = Mutex(0)

    func answer(_ answer: @escaping @Sendable (DeliveryTask) async -> AttemptResult) {
        state.withLock { $0.answer = answer }
    }

    func send(_ task: DeliveryTask) async -> AttemptResult {
        let answer = state.withLock { state in
            state.tasks.append(task)
            return state.answer
        }
        asked.reach()
        let result = await answer(task)
        guard result.isDelivered else { return result }
        if state.withLock({ $0.delivered.insert(task.event.id).inserted }) {
            order.withLock { $0.append(task) }
            taken.reach()
        } else {
            doubles.withLock { $0 += 1 }
        }
        return result
    }

    /// Pairs of one chat that were taken for the first time in the wrong order.
    var inversions: Int {
        var latest: [String: Int] = [:]
        var inversions = 0
        for task in order.withLock({ $0 }) {
            let chat = "\(task.event.clinicID?.text ?? "") \(task.event.chat ?? "")"
            let number = task.event.messageID.flatMap { Int($0) } ?? 0
            if let before = latest[chat], before > number { inversions += 1 }
            latest[chat] = max(number, latest[chat] ?? 0)
        }
        return inversions
    }
}

/// A directory with the same answer for everybody, or with one for each clinic that has its own.
final class OneDestination: DestinationDirectory {
    private let answers: Mutex<(all: DestinationAnswer, clinics: [UUID: Destination])>
    let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init(_ destination: Destination) {
        answers = Mutex((.destination(destination), [:]))
        (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func set(_ answer: DestinationAnswer) {
        answers.withLock { $0.all = answer }
        changed.yield()
    }

    func set(_ destination: Destination, for clinic: UUID) {
        answers.withLock { $0.clinics[clinic] = destination }
        changed.yield()
    }

    func destination(of event: DeliveryEvent) -> DestinationAnswer {
        answers.withLock { answers in
            event.clinicID.flatMap { answers.clinics[$0.uuid] }.map { .destination($0) } ?? answers.all
        }
    }

    var destinations: [Destination] {
        answers.withLock { answers in
            if case .destination(let destination) = answers.all { [destination] } else { [] }
        }
    }
}
