import CPostgres

/// One statement that was sent: waits for its end, cancels it when the task or the time says so.
struct LibpqExchange {
    enum Outcome: ~Copyable {
        case result(LibpqResult)
        case refused(ServerRefusal)
        case broken(String)
    }

    /// How long the server may take to obey a cancel request before the connection is given up.
    private static let cancelGrace: Duration = .seconds(5)

    private let handle: LibpqHandle
    private let wakePipe: WakePipe
    private let interruption: Interruption?
    private let timeout: Duration?
    private var deadline: ContinuousClock.Instant?
    private var cancelReason: PostgresError?

    init(handle: LibpqHandle, wakePipe: WakePipe, interruption: Interruption?, timeout: Duration?) {
        self.handle = handle
        self.wakePipe = wakePipe
        self.interruption = interruption
        self.timeout = timeout
        self.deadline = timeout.map { ContinuousClock.now.advanced(by: $0) }
    }

    var wasCancelled: Bool { cancelReason != nil }

    /// A statement that failed after we cancelled it failed for our reason.
    func reason(insteadOf error: PostgresError) -> PostgresError {
        guard let cancelReason else { return error }
        return error.sqlState == "57014" || error.kind == .connectionLost ? cancelReason : error
    }

    /// The first error of the statement or script, or else its last result.
    mutating func finish() -> Outcome {
        var last: LibpqResult?
        var refusal: ServerRefusal?
        while true {
            if let message = waitForResult() { return .broken(message) }
            guard let result = handle.nextResult() else { break }
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = consume result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                return .broken("COPY is not supported on this connection.")
            default:
                guard let said = result.refusal else { return .broken(lostMessage) }
                refusal = refusal ?? said
            }
        }
        if let refusal { return .refused(refusal) }
        guard let result = last.take() else { return .broken(lostMessage) }
        return .result(result)
    }

    private var lostMessage: String {
        "The connection to PostgreSQL was lost: \(ConnectionURL.oneLine(handle.message))"
    }

    /// Returns why the wait is over without a result, or nil when one can be read.
    private mutating func waitForResult() -> String? {
        while handle.isBusy {
            if cancelReason == nil, interruption?.isRequested == true { cancel(because: .cancelled) }
            let hasNews = handle.waitForInput(wakePipe: wakePipe, until: deadline)
            if hasNews {
                guard handle.consumeInput() else { return lostMessage }
            } else if cancelReason == nil {
                cancel(because: timeoutError)
            } else {
                return "PostgreSQL did not react to a cancel request; the connection was given up."
            }
        }
        return nil
    }

    private mutating func cancel(because reason: PostgresError) {
        cancelReason = reason
        handle.cancel()
        deadline = ContinuousClock.now.advanced(by: Self.cancelGrace)
    }

    private var timeoutError: PostgresError {
        PostgresError(
            .statementTimedOut,
            "The statement ran longer than the \(timeout ?? .zero) allowed for one and was cancelled."
        )
    }
}
