/// What a task gets when its turn has come.
enum PostgresPoolGrant<Connection: Sendable>: Sendable {
    case use(Connection)
    /// A place is free: open a connection for it, or give the place back with `discard`.
    case open
}

/// Who has which connection and who waits: every decision of the pool, without I/O or clock. The shell around it does
/// what each method returns, outside the lock.
struct PostgresPoolState<Connection: Sendable, Waiter> {
    typealias Grant = PostgresPoolGrant<Connection>

    enum Answer {
        case granted(Grant)
        case closed
    }

    /// What happens with a place that a task gave back.
    enum Return {
        case handOver(Grant, to: Waiter)
        case keep
        /// Kept as well, and rounds that look for connections nobody uses have to begin: none are under way.
        case keepAndWatch
        /// The pool is closed: close the connection, then give its place back with `discard`.
        case close(Connection)
        /// The last place of a closed pool was given back: tell those who wait for that.
        case drained([Waiter])
    }

    /// What a round found.
    struct Round {
        /// To be closed, and their places given back with `discard`.
        let unused: [Connection]
        /// Whether there is anything left for another one to find.
        let goesOn: Bool
    }

    private let maximumConnections: Int
    private let warmConnections: Int
    private var idle: [Connection] = []
    /// How many of `idle`, from its beginning, nobody has used since the last round.
    private var unused = 0
    private var isWatched = false
    /// Connections that are idle, in use or being opened.
    private(set) var total = 0
    private var waiting: [(id: Int, waiter: Waiter)] = []
    private var lastID = 0
    private(set) var isClosed = false
    private var draining: [Waiter] = []

    init(maximumConnections: Int, warmConnections: Int) {
        self.maximumConnections = maximumConnections
        self.warmConnections = warmConnections
    }

    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    /// An answer at once, or nil when one has to wait.
    mutating func acquire() -> Answer? {
        if isClosed { return .closed }
        // The connection used last is the one most likely to be alive and warm; those not needed stay at the beginning.
        if let connection = idle.popLast() {
            unused = min(unused, idle.count)
            return .granted(.use(connection))
        }
        guard total < maximumConnections else { return nil }
        total += 1
        return .granted(.open)
    }

    /// An answer at once, or nil when the waiter was put at the end of the queue.
    mutating func acquire(id: Int, waiter: Waiter) -> Answer? {
        if let answer = acquire() { return answer }
        waiting.append((id, waiter))
        return nil
    }

    /// Takes a waiter out of the queue; nil when it got its answer already.
    mutating func giveUp(id: Int) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    mutating func giveBack(_ connection: Connection) -> Return {
        if isClosed { return .close(connection) }
        if waiting.isEmpty {
            idle.append(connection)
            guard !isWatched, total > warmConnections else { return .keep }
            isWatched = true
            return .keepAndWatch
        }
        return .handOver(.use(connection), to: waiting.removeFirst().waiter)
    }

    /// Gives back a place whose connection broke or could not be opened. The next waiter opens its own, so that each
    /// learns for itself what is wrong.
    mutating func discard() -> Return {
        if !waiting.isEmpty { return .handOver(.open, to: waiting.removeFirst().waiter) }
        total -= 1
        guard isClosed, total == 0 else { return .keep }
        defer { draining = [] }
        return .drained(draining)
    }

    /// Takes out the connections that nobody has used since the round before, but for those that are kept warm.
    mutating func round() -> Round {
        let count = max(0, min(unused, total - warmConnections))
        let found = Array(idle.prefix(count))
        idle.removeFirst(count)
        unused = idle.count
        // Their places are taken until they are closed.
        isWatched = !idle.isEmpty && total - count > warmConnections
        return Round(unused: found, goesOn: isWatched)
    }

    /// Refuses everything from now on. The waiters are to be told, the idle connections to be closed and discarded.
    mutating func close() -> (connections: [Connection], waiters: [Waiter]) {
        isClosed = true
        defer {
            idle = []
            unused = 0
            waiting = []
        }
        return (idle, waiting.map(\.waiter))
    }

    /// True when no connection is left, or else the waiter is kept until that is so.
    mutating func drain(waiter: Waiter) -> Bool {
        if total == 0 { return true }
        draining.append(waiter)
        return false
    }
}
