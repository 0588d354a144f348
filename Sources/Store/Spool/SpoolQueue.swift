import FoundationEssentials
import HookgateCore

/// One event between `append` and its completion, encoded but for what only the writer knows.
struct WaitingAppend: Sendable {
    typealias Completion = @Sendable (Result<SpoolPosition, SpoolError>) -> Void

    let head: [UInt8]
    let body: [UInt8]
    let checksum: UInt32
    let receivedAt: Date
    let isUndecided: Bool
    let completion: Completion

    init(_ event: AcceptedEvent, completion: @escaping Completion) {
        self.head = SpoolRecord.encodeHead(of: event)
        self.body = event.body
        self.receivedAt = event.receivedAt
        self.isUndecided = event.disposition.isUndecided
        self.completion = completion
        // On the caller's thread, of which there are several; the writer is alone.
        var checksum = CRC32C()
        head.withUnsafeBytes { checksum.update($0) }
        body.withUnsafeBytes { checksum.update($0) }
        self.checksum = checksum.value
    }

    var payloadByteCount: Int { head.count + body.count }
    var byteCount: Int { RecordHeader.recordByteCount(payload: payloadByteCount) }
    /// What it counts against the bound on undecided events.
    var undecidedByteCount: Int { isUndecided ? byteCount : 0 }
}

/// The appends that wait for the writer, bounded; knows whether the writer is running. Pure.
struct SpoolQueue: Sendable {
    enum Admission: Equatable {
        case refused(SpoolError)
        /// `wakesWriter`: nobody is writing, so the caller sets the writer going.
        case admitted(wakesWriter: Bool)
    }

    private(set) var records = 0
    private(set) var bytes = 0
    private(set) var undecidedBytes = 0
    private(set) var isClosed = false
    private(set) var isWriting = false
    private var waiting: [WaitingAppend] = []
    private var closers: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - depthBytes: what waits on disk already; counts against the bound on the whole.
    ///   - undecidedDepthBytes: of that, what nobody could decide.
    mutating func admit(
        _ append: WaitingAppend, depthBytes: Int, undecidedDepthBytes: Int, options: SpoolOptions
    ) -> Admission {
        let size = append.byteCount
        if isClosed { return .refused(.closed) }
        if records >= options.maximumWaitingRecords || bytes + size > options.maximumWaitingBytes {
            return .refused(.overloaded)
        }
        if depthBytes + bytes + size > options.maximumBytes { return .refused(.full) }
        if append.isUndecided, undecidedDepthBytes + undecidedBytes + size > options.maximumUndecidedBytes {
            return .refused(.undecidedFull)
        }
        records += 1
        bytes += size
        undecidedBytes += append.undecidedByteCount
        waiting.append(append)
        defer { isWriting = true }
        return .admitted(wakesWriter: !isWriting)
    }

    /// Everything that arrived while the writer was busy, up to a bound; empty when it may rest.
    mutating func takeBatch(maximumBytes: Int) -> [WaitingAppend] {
        var total = 0
        var count = 0
        while count < waiting.count, count == 0 || total + waiting[count].byteCount <= maximumBytes {
            total += waiting[count].byteCount
            count += 1
        }
        if count == 0 { isWriting = false }
        if count == waiting.count {
            defer { waiting = [] }
            return waiting
        }
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }

    mutating func finished(_ appends: ArraySlice<WaitingAppend>) {
        records -= appends.count
        bytes -= appends.reduce(0) { $0 + $1.byteCount }
        undecidedBytes -= appends.reduce(0) { $0 + $1.undecidedByteCount }
    }

    /// Admits nothing more. Returns whether the queue is empty already; else `closer` is handed out when it is.
    mutating func close(_ closer: CheckedContinuation<Void, Never>) -> Bool {
        isClosed = true
        if isWriting { closers.append(closer) }
        return !isWriting
    }

    /// Who waits for the queue to be empty; nobody while the writer is at work.
    mutating func takeClosers() -> [CheckedContinuation<Void, Never>] {
        guard !isWriting else { return [] }
        defer { closers = [] }
        return closers
    }
}

extension AcceptedEvent.Disposition {
    var isUndecided: Bool {
        if case .undecided = self { true } else { false }
    }
}
