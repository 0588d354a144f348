import CPostgres
import Dispatch
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

    /// Sends a part of what COPY takes; false when the connection broke.
    func sendCopyPart(_ part: UnsafeRawBufferPointer) -> Bool {
        PQputCopyData(connection, part.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(part.count)) == 1
    }

    /// Says that COPY has everything, or that it will not get it; false when the connection broke.
    func endCopy(isWhole: Bool) -> Bool {
        PQputCopyEnd(connection, isWhole ? nil : "the sender stopped") == 1
    }

    /// Reads what has arrived; false when the connection broke.
    func consumeInput() -> Bool { PQconsumeInput(connection) == 1 }

    var isBusy: Bool { PQisBusy(connection) == 1 }

    func nextResult() -> LibpqResult? {
        guard let result = PQgetResult(connection) else { return nil }
        return LibpqResult(taking: result)
    }

    /// Asks the server, over a connection of its own, to stop the running statement. False when that took too long;
    /// a request that was sent in time has been dealt with by the server when this returns.
    func cancel(within time: Duration) -> Bool {
        guard let request = PQgetCancel(connection) else { return false }
        let canceller = Canceller(taking: request)
        let isDone = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            canceller.send()
            isDone.signal()
        }
        return isDone.wait(timeout: .now() + .milliseconds(Int(time.components.seconds) * 1000)) == .success
    }

    /// Takes in whatever arrived while nobody asked; false when the server has ended the connection.
    func takeInPending() -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while isConnected, poll(&descriptor, 1, 0) > 0 {
            guard consumeInput() else { return false }
            _ = isBusy  // parses what was read
        }
        return isConnected
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

/// A cancel request, which libpq allows on any thread.
private final class Canceller: @unchecked Sendable {  // one thread at a time: made here, sent and freed there
    private let request: OpaquePointer

    init(taking request: OpaquePointer) {
        self.request = request
    }

    deinit {
        PQfreeCancel(request)
    }

    func send() {
        var message = [CChar](repeating: 0, count: 256)
        // A refusal needs no answer: the result is waited for only for a bounded time.
        _ = PQcancel(request, &message, Int32(message.count))
    }
}
