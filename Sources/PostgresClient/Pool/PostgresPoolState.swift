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
        /// The pool is closed: close the connection, then give its place back with `discard`.
        case close(Connection)
        /// The last place of a closed pool was given back: tell those who wait for that.
        case drained([Waiter])
    }

    private let maximumConnections: Int
    private var idle: [Connection] = []
    /// Connections that are idle, in use or being opened.
    private(set) var total = 0
    private var waiting: [(id: Int, waiter: Waiter)] = []
    private var lastID = 0
    private var isClosed = false
    private var draining: [Waiter] = []

    init(maximumConnections: Int) {
        self.maximumConnections = maximumConnections
    }

    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    /// An answer at once, or nil when one has to wait.
    mutating func acquire() -> Answer? {
        if isClosed { return .closed }
        // The connection used last is the one most likely to be alive and warm.
        if let connection = idle.popLast() { return .granted(.use(connection)) }
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
            return .keep
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

    /// Refuses everything from now on. The waiters are to be told, the idle connections to be closed and discarded.
    mutating func close() -> (connections: [Connection], waiters: [Waiter]) {
        isClosed = true
        defer {
            idle = []
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
