import CPostgres

/// One statement that was sent: waits for its end, cancels it when the task or the time says so.
struct LibpqExchange {
    enum Outcome: ~Copyable {
        case result(LibpqResult)
        case refused(ServerRefusal)
        case broken(PostgresError)
    }

    /// How long a statement may run.
    enum Limit {
        case none
        /// Then it is cancelled, and the connection stays.
        case cancelAfter(Duration)
        /// Then the connection counts as dead: for a question whose answer only shows that somebody is there.
        case giveUpAfter(Duration)
    }

    /// How long the server may take to obey a cancel request before the connection is given up.
    private static let cancelGrace: Duration = .seconds(5)

    private let handle: LibpqHandle
    private let wakePipe: WakePipe
    private let interruption: Interruption?
    private let limit: Limit
    private var deadline: ContinuousClock.Instant?
    private var cancelReason: PostgresError?

    init(handle: LibpqHandle, wakePipe: WakePipe, interruption: Interruption?, limit: Limit) {
        self.handle = handle
        self.wakePipe = wakePipe
        self.interruption = interruption
        self.limit = limit
        switch limit {
        case .none: deadline = nil
        case .cancelAfter(let time), .giveUpAfter(let time): deadline = ContinuousClock.now.advanced(by: time)
        }
    }

    var wasCancelled: Bool { cancelReason != nil }

    /// A statement that failed after we cancelled it failed for our reason.
    func reason(insteadOf error: PostgresError) -> PostgresError {
        guard let cancelReason else { return error }
        return error.sqlState == "57014" || error.kind == .connectionLost ? cancelReason : error
    }

    /// The first error of the statement or script, or else its last result.
    /// - Parameter copy: what a COPY that was sent takes.
    mutating func finish(feeding copy: PostgresCopy? = nil) -> Outcome {
        var last: LibpqResult?
        var refusal: ServerRefusal?
        while true {
            if let message = waitForResult() { return .broken(PostgresError(.connectionLost, message)) }
            guard let result = handle.nextResult() else { break }
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = consume result
            case PGRES_COPY_IN where copy != nil:
                guard feed(copy) else { return .broken(PostgresError(.connectionLost, lostMessage)) }
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                return .broken(PostgresError(.misuse, "COPY is not supported; the connection was given up."))
            default:
                // After the server's last words comes a result of libpq's own, that the connection is gone.
                guard let said = refusal ?? result.refusal else {
                    return .broken(PostgresError(.connectionLost, lostMessage))
                }
                refusal = said
            }
        }
        if let refusal { return .refused(refusal) }
        guard let result = last.take() else { return .broken(PostgresError(.connectionLost, lostMessage)) }
        return .result(result)
    }

    private func feed(_ copy: PostgresCopy?) -> Bool {
        var isConnected = true
        let isWhole = copy?.rows { part in
            isConnected = isConnected && handle.sendCopyPart(part)
            return isConnected && interruption?.isRequested != true
        }
        return isConnected && handle.endCopy(isWhole: isWhole == true)
    }

    private var lostMessage: String {
        "The connection to PostgreSQL was lost: \(ConnectionURL.oneLine(handle.message))"
    }

    /// Returns why the wait is over without a result, or nil when one can be read.
    private mutating func waitForResult() -> String? {
        while handle.isBusy {
            if cancelReason == nil, interruption?.isRequested == true {
                guard cancel(because: .cancelled) else { return Self.deafMessage }
            }
            if handle.waitForInput(wakePipe: wakePipe, until: deadline) {
                // What the server said before it closed may have been read: the next result tells.
                guard handle.consumeInput() else { return nil }
            } else {
                guard cancelReason == nil, case .cancelAfter(let time) = limit, cancel(because: .timedOut(after: time))
                else { return Self.deafMessage }
            }
        }
        return nil
    }

    /// False when the server could not even be asked.
    private mutating func cancel(because reason: PostgresError) -> Bool {
        cancelReason = reason
        deadline = ContinuousClock.now.advanced(by: Self.cancelGrace)
        return handle.cancel(within: Self.cancelGrace)
    }

    private static let deafMessage = "PostgreSQL did not answer in time; the connection was given up."
}

extension PostgresError {
    fileprivate static func timedOut(after time: Duration) -> PostgresError {
        PostgresError(
            .statementTimedOut, "The statement ran longer than the \(time) allowed for one and was cancelled."
        )
    }
}
