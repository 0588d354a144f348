import FoundationEssentials
import HookgateCore

/// One event between `append` and its completion, encoded but for what only the writer knows.
struct WaitingAppend: Sendable {
    let head: [UInt8]
    /// What follows it in the record: the body, or what it says of the file that has it.
    let body: [UInt8]
    /// Holds the file until the record is written.
    let bodyFile: BodyFile?
    let bodyFileByteCount: Int
    let checksum: UInt32
    let receivedAt: Date
    let isUndecided: Bool
    let isHeld: Bool
    /// Where it is completed; nil for wherever the spool is.
    let place: CompletionPlace?
    let completion: EventSpool.Completion

    init(_ event: AcceptedEvent, at place: CompletionPlace? = nil, completion: @escaping EventSpool.Completion) {
        self.init(event, SpoolRecord.encodeHead(of: event), event.body, nil, byteCount: 0, place, completion)
    }

    init(
        _ event: AcceptedEvent, body file: BodyFile, _ reference: BodyReference, at place: CompletionPlace? = nil,
        completion: @escaping EventSpool.Completion
    ) {
        self.init(
            event, SpoolRecord.encodeHead(of: event, version: SpoolRecord.bodyFileVersion), reference.encode(), file,
            byteCount: reference.byteCount, place, completion)
    }

    private init(
        _ event: AcceptedEvent, _ head: [UInt8], _ body: [UInt8], _ file: BodyFile?, byteCount: Int,
        _ place: CompletionPlace?, _ completion: @escaping EventSpool.Completion
    ) {
        self.head = head
        self.body = body
        self.bodyFile = file
        self.bodyFileByteCount = byteCount
        self.receivedAt = event.receivedAt
        self.isUndecided = event.disposition.isUndecided
        self.isHeld = event.disposition.isHeld
        self.place = place
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
    var undecidedByteCount: Int { isUndecided ? byteCount + bodyFileByteCount : 0 }
    /// What a segment must be able to say for this to be in it.
    var segmentVersion: UInt16 { bodyFile == nil ? SegmentHeader.firstVersion : SegmentHeader.bodyFilesVersion }
}

/// The appends that wait for the writer, bounded; knows whether the writer is running. Pure.
///
/// What comes from one turn of an event loop is written together: a sync costs as much as a few requests, and a writer
/// that is woken by the first of many takes it alone.
struct SpoolQueue: Sendable {
    enum Admission: Equatable {
        case refused(SpoolError)
        /// `opensTurn`: the first of a turn of its place, whose end the caller has to tell. `wakesWriter`: there is
        /// something to write and nobody is writing, so the caller sets the writer going.
        case admitted(opensTurn: Bool, wakesWriter: Bool)
    }

    /// So many do not wait for the end of their turn, nor does one that is so long.
    private static let mostInTurn = 128
    private static let longBytes = 64 << 10

    private(set) var records = 0
    private(set) var bytes = 0
    private(set) var undecidedBytes = 0
    private(set) var isClosed = false
    private(set) var isWriting = false
    /// When the oldest of those that wait, or are being written, was received.
    private(set) var waitingSince: Date?
    private var waiting: [WaitingAppend] = []
    /// Whether what waits is to be written, and not only to be gathered.
    private var isDue = false
    /// The places whose turn has not ended.
    private var turns: [CompletionPlace] = []
    private var closers: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - depthBytes: what waits on disk already, long bodies that are still being received among it; counts against
    ///     the bound on the whole.
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
        if append.isUndecided,
            undecidedDepthBytes + undecidedBytes + append.undecidedByteCount > options.maximumUndecidedBytes
        {
            return .refused(.undecidedFull)
        }
        if records == 0 { waitingSince = append.receivedAt }
        records += 1
        bytes += size
        undecidedBytes += append.undecidedByteCount
        waiting.append(append)
        let opensTurn = append.place.map { !turns.contains($0) } ?? false
        if opensTurn, let place = append.place { turns.append(place) }
        if append.place == nil || waiting.count >= Self.mostInTurn || size >= Self.longBytes { isDue = true }
        return .admitted(opensTurn: opensTurn, wakesWriter: wakesWriter())
    }

    /// What came from a turn of this place is to be written. Returns whether the caller sets the writer going.
    mutating func endTurn(of place: CompletionPlace) -> Bool {
        turns.removeAll { $0 == place }
        if !waiting.isEmpty { isDue = true }
        return wakesWriter()
    }

    private mutating func wakesWriter() -> Bool {
        guard isDue, !isWriting else { return false }
        isWriting = true
        return true
    }

    /// Everything that is due, and what has gathered behind it, up to a bound; empty when the writer may rest.
    mutating func takeBatch(maximumBytes: Int) -> [WaitingAppend] {
        guard isDue else {
            isWriting = false
            return []
        }
        var total = 0
        var count = 0
        while count < waiting.count, count == 0 || total + waiting[count].byteCount <= maximumBytes {
            total += waiting[count].byteCount
            count += 1
        }
        if count == 0 { isWriting = false }
        if count == waiting.count {
            isDue = false
            let batch = waiting
            waiting = []
            // As many will gather while these are written, as a rule.
            waiting.reserveCapacity(count)
            return batch
        }
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }

    mutating func finished(_ appends: ArraySlice<WaitingAppend>) {
        records -= appends.count
        bytes -= appends.reduce(0) { $0 + $1.byteCount }
        undecidedBytes -= appends.reduce(0) { $0 + $1.undecidedByteCount }
        if let next = waiting.first { waitingSince = next.receivedAt } else if records == 0 { waitingSince = nil }
    }

    /// Admits nothing more. Returns whether the queue is empty already; else `closer` is handed out when it is, which may
    /// need the writer to be set going.
    mutating func close(_ closer: CheckedContinuation<Void, Never>) -> (isEmpty: Bool, wakesWriter: Bool) {
        isClosed = true
        guard isWriting || !waiting.isEmpty else { return (true, false) }
        closers.append(closer)
        isDue = true
        return (false, wakesWriter())
    }

    /// Who waits for the queue to be empty; nobody while the writer is at work.
    mutating func takeClosers() -> [CheckedContinuation<Void, Never>] {
        guard !isWriting else { return [] }
        defer { closers = [] }
        return closers
    }
}

extension AcceptedEvent.Disposition {
    var isHeld: Bool {
        if case .quarantined = self { true } else { false }
    }

    var isUndecided: Bool {
        if case .undecided = self { true } else { false }
    }
}
