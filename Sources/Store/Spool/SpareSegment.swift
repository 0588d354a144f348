import Synchronization

/// The next segment, made ahead of time and away from the writer. Where it is not ready in time the writer goes
/// on without: in a file that grows, at twice the price per sync.
///
/// It grows as the segment that is being written does, only quicker: all of it at once would be in the way of the disk
/// and, on a machine of one core, of everybody, for as long as a long second.
final class SpareSegment: Sendable {
    private enum State {
        case none
        /// Bytes that should be there by now, and that are. `isAtWork`: a job is making the pieces between them.
        case making(wanted: Int, made: Int, isAtWork: Bool)
        case ready
    }

    private let files: SpoolFiles
    private let options: SpoolOptions
    private let execution: SpoolExecution
    /// Held as long as this may write: whoever opened the directory meanwhile would take the file for its own.
    private let lock: any SpoolLock
    private let state = Mutex(State.none)
    /// Only jobs of `execution.prepare` enter, one at a time: this lock is never waited for.
    private let unfinished = Mutex<UnfinishedSpare?>(nil)

    init(files: SpoolFiles, options: SpoolOptions, execution: SpoolExecution, lock: any SpoolLock) {
        self.lock = lock
        self.files = files
        self.options = options
        self.execution = execution
    }

    /// Whether there is one; it is the caller's from now on.
    func take() -> Bool {
        state.withLock { state in
            guard case .ready = state else { return false }
            state = .none
            return true
        }
    }

    /// A segment has been begun: sets about having the next one, unless that is under way.
    func prepare() {
        state.withLock { state in
            if case .none = state { state = .making(wanted: 0, made: 0, isAtWork: false) }
        }
    }

    /// The segment that is being written has grown: so does the next one, and is whole when a fifth is left of it.
    func follow(writtenBytes: Int) {
        let whole = options.segmentBytes
        let begins = state.withLock { state in
            guard case .making(let before, let made, let isAtWork) = state else { return false }
            let wanted = max(before, min(whole, writtenBytes + writtenBytes / 4))
            // Most commits need no further piece, and a job for each of them would wake a thread.
            let begins = !isAtWork && wanted > made
            state = .making(wanted: wanted, made: made, isAtWork: isAtWork || begins)
            return begins
        }
        if begins { execution.prepare { self.makeWanted() } }
    }

    /// The whole of it, on the caller's thread: when the spool is opened, before there is a writer.
    func prepareNow() {
        do throws(SpoolDiskError) {
            guard try !hasOne() else { return state.withLock { $0 = .ready } }
            guard try isThereRoom() else { return }
            try files.makeSpare(byteCount: options.segmentBytes)
            state.withLock { $0 = .ready }
        } catch {
            // No loss: the writer does without, and says itself if it cannot write.
        }
    }

    // MARK: - On the thread of preparations

    private func makeWanted() {
        let isWhole = unfinished.withLock { unfinished -> Bool? in
            do throws(SpoolDiskError) {
                return try makeWanted(&unfinished)
            } catch {
                // No loss, as above; with the next segment it is tried again.
                unfinished?.giveUp()
                unfinished = nil
                return nil
            }
        }
        switch isWhole {
        case true?: state.withLock { $0 = .ready }
        case nil: state.withLock { $0 = .none }
        case false?: break
        }
    }

    /// Returns whether it is whole, or nil when there will be none.
    private func makeWanted(_ unfinished: inout UnfinishedSpare?) throws(SpoolDiskError) -> Bool? {
        if unfinished == nil {
            if try hasOne() { return true }
            guard try isThereRoom() else { return nil }
            unfinished = try files.beginSpare(byteCount: options.segmentBytes)
        }
        while let spare = unfinished {
            if spare.isWhole {
                try spare.finish()
                unfinished = nil
                return true
            }
            let isWanted = state.withLock { state in
                guard case .making(let wanted, _, _) = state, spare.madeBytes >= wanted else { return true }
                state = .making(wanted: wanted, made: spare.madeBytes, isAtWork: false)
                return false
            }
            guard isWanted else { return false }
            try unfinished?.makePiece()
        }
        return nil
    }

    private func hasOne() throws(SpoolDiskError) -> Bool {
        try files.hasSpare(byteCount: options.segmentBytes)
    }

    private func isThereRoom() throws(SpoolDiskError) -> Bool {
        let space = try files.disk.space()
        let left = DiskSpace(
            totalBytes: space.totalBytes, availableBytes: space.availableBytes - options.segmentBytes)
        return left.usedShare <= options.watermarks.full
    }
}

/// A spare segment that is being made: written once with zeros, because a sync into blocks that exist already takes
/// half the time of one that makes the file grow.
struct UnfinishedSpare: Sendable {
    /// Written and synced together: short enough that the writer's own sync hardly waits for it.
    static let pieceBytes = 128 << 10
    private static let zeros = [UInt8](repeating: 0, count: pieceBytes)

    private(set) var madeBytes = 0
    private let files: SpoolFiles
    private let file: any SpoolFile
    private let byteCount: Int

    init(_ files: SpoolFiles, _ file: any SpoolFile, byteCount: Int) {
        self.files = files
        self.file = file
        self.byteCount = byteCount
    }

    var isWhole: Bool { madeBytes >= byteCount }

    mutating func makePiece(synchronizes: Bool = true) throws(SpoolDiskError) {
        let count = min(Self.pieceBytes, byteCount - madeBytes)
        try file.write(Self.zeros, count: count, at: madeBytes)
        if synchronizes { try file.synchronize() }
        madeBytes += count
    }

    func finish() throws(SpoolDiskError) {
        try files.disk.rename(SpoolFiles.unfinishedSpareName, to: SpoolFiles.spareName)
        try files.disk.synchronizeDirectory()
    }

    func synchronize() throws(SpoolDiskError) { try file.synchronize() }

    /// The failure that led to this is the one to tell of; a leftover is removed when the spool is opened next.
    func giveUp() {
        try? files.disk.remove(SpoolFiles.unfinishedSpareName)
    }
}
