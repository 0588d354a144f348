import CPostgres
import Glibc

/// Owns one `PGconn`. Only the actor that holds it touches it; every call may block.
final class LibpqHandle {
    private let connection: OpaquePointer

    init(taking connection: OpaquePointer) {
        self.connection = connection
        // Without a processor libpq writes notices to standard error.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit {
        PQfinish(connection)
    }

    var isConnected: Bool { PQstatus(connection) == CONNECTION_OK }
    var isIdle: Bool { PQtransactionStatus(connection) == PQTRANS_IDLE }
    var announcedProcessID: Int { Int(PQbackendPID(connection)) }
    var socket: Int32 { PQsocket(connection) }

    /// libpq's own words. They can quote parts of the connection URL.
    var message: String { String(cString: PQerrorMessage(connection)) }

    func parameterStatus(_ name: String) -> String? {
        PQparameterStatus(connection, name).map { String(cString: $0) }
    }

    func send(_ statement: PostgresStatement) -> Bool {
        switch statement {
        case .script(let sql): PQsendQuery(connection, sql) == 1
        case .parameters(let sql, let parameters): send(sql, parameters)
        }
    }

    private func send(_ sql: String, _ parameters: [PostgresParameter]) -> Bool {
        ParameterBuffer(parameters).withPointers { pointers in
            PQsendQueryParams(
                connection, sql, Int32(parameters.count), pointers.types, pointers.values, pointers.lengths,
                pointers.formats, 0
            ) == 1
        }
    }

    /// Reads what has arrived; false when the connection broke.
    func consumeInput() -> Bool { PQconsumeInput(connection) == 1 }

    var isBusy: Bool { PQisBusy(connection) == 1 }

    func nextResult() -> LibpqResult? {
        guard let result = PQgetResult(connection) else { return nil }
        return LibpqResult(taking: result)
    }

    /// Asks the server, over a connection of its own, to stop the running statement.
    func cancel() {
        guard let cancel = PQgetCancel(connection) else { return }
        var message = [CChar](repeating: 0, count: 256)
        // A refusal needs no answer here: the caller waits for the result only for a bounded time.
        _ = PQcancel(cancel, &message, Int32(message.count))
        PQfreeCancel(cancel)
    }

    /// The next notification that has arrived.
    func nextNotification() -> PostgresNotification? {
        guard let pointer = PQnotifies(connection) else { return nil }
        defer { PQfreemem(pointer) }
        return PostgresNotification(
            channel: String(cString: pointer.pointee.relname),
            payload: String(cString: pointer.pointee.extra),
            processID: Int(pointer.pointee.be_pid)
        )
    }

    /// Waits until the server has sent something or `wakePipe` is woken; false when the time is over.
    func waitForInput(wakePipe: WakePipe, until deadline: ContinuousClock.Instant?) -> Bool {
        var descriptors = [
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakePipe.readEnd, events: Int16(POLLIN), revents: 0),
        ]
        let ready = poll(&descriptors, 2, deadline.map { $0.millisecondsFromNow } ?? -1)
        if descriptors[1].revents != 0 { wakePipe.drain() }
        return ready != 0
    }
}

extension ContinuousClock.Instant {
    /// For `poll`: rounded up, so that a wait never ends before its time and then spins.
    fileprivate var millisecondsFromNow: Int32 {
        let left = ContinuousClock.now.duration(to: self)
        guard left > .zero else { return 0 }
        return Int32(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
    }
}
