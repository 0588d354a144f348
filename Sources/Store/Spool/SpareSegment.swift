import Synchronization

/// The next segment, made ahead of time and away from the writer. Where it is not ready in time the writer goes
/// on without: in a file that grows, at twice the price per sync.
///
/// It is made as the segment before it fills, a little ahead: written in one go it would keep the disk, and where there is
/// one processor that too, from those who wait for their answers.
final class SpareSegment: Sendable {
    private enum Phase {
        case none, making, ready
    }

    private struct State {
        var phase = Phase.none
        /// Nil until it is begun.
        var file: (any SpoolFile)?
        /// Bytes that are there, and that there should be by now.
        var done = 0
        var wanted = 0
        var isRunning = false

        mutating func end(_ phase: Phase) {
            self = State()
            self.phase = phase
        }
    }

    /// How far it is ahead of what fills, beyond a quarter of that.
    private static let lead = 1 << 20
    /// Written and synced at once beside a writer, whose own sync waits for what is in the disk's hands; and where there is
    /// none yet.
    private static let (piece, pieceWithoutWriter) = (128 << 10, 4 << 20)

    private let files: SpoolFiles
    private let options: SpoolOptions
    private let execution: SpoolExecution
    /// Held as long as this may write: whoever opened the directory meanwhile would take the file for its own.
    private let lock: any SpoolLock
    private let state = Mutex(State())

    init(files: SpoolFiles, options: SpoolOptions, execution: SpoolExecution, lock: any SpoolLock) {
        self.lock = lock
        self.files = files
        self.options = options
        self.execution = execution
    }

    /// Whether there is one; it is the caller's from now on.
    func take() -> Bool {
        state.withLock { state in
            guard state.phase == .ready else { return false }
            state.end(.none)
            return true
        }
    }

    /// Sets about having one, unless there is or that is under way.
    func prepare() {
        state.withLock { if $0.phase == .none { $0.phase = .making } }
        follow(0)
    }

    /// - Parameter used: bytes of the segment that fills.
    func follow(_ used: Int) {
        let starts = state.withLock { state in
            guard state.phase == .making else { return false }
            state.wanted = max(state.wanted, min(used + used / 4 + Self.lead, options.segmentBytes))
            let isWorthIt = state.wanted - state.done >= min(Self.piece, options.segmentBytes - state.done)
            guard isWorthIt, !state.isRunning else { return false }
            state.isRunning = true
            return true
        }
        if starts { execution.prepare { self.goOn(by: Self.piece) } }
    }

    /// Makes the whole of it on the caller's thread: when the spool is opened, before there is a writer.
    func prepareNow() {
        state.withLock { state in
            state.phase = .making
            state.wanted = options.segmentBytes
            state.isRunning = true
        }
        goOn(by: Self.pieceWithoutWriter)
    }

    private func goOn(by piece: Int) {
        do throws(SpoolDiskError) {
            while try step(by: piece) {}
        } catch {
            // No loss: the writer does without, and says itself if it cannot write.
            files.dropSpare()
            state.withLock { $0.end(.none) }
        }
    }

    /// Returns whether there is more to do by now.
    private func step(by piece: Int) throws(SpoolDiskError) -> Bool {
        let (begun, done) = state.withLock { ($0.file, $0.done) }
        let file: any SpoolFile
        if let begun {
            file = begun
        } else {
            guard let new = try begin() else { return false }
            file = new
        }
        let reached = try files.extendSpare(file, from: done, piece: piece, byteCount: options.segmentBytes)
        if reached == options.segmentBytes {
            try files.finishSpare()
            state.withLock { $0.end(.ready) }
            return false
        }
        return state.withLock { state in
            state.done = reached
            state.isRunning = reached < state.wanted
            return state.isRunning
        }
    }

    /// Nil when there is one already, or no room for one.
    private func begin() throws(SpoolDiskError) -> (any SpoolFile)? {
        if try files.hasSpare(byteCount: options.segmentBytes) {
            state.withLock { $0.end(.ready) }
            return nil
        }
        let space = try files.disk.space()
        let left = DiskSpace(
            totalBytes: space.totalBytes, availableBytes: space.availableBytes - options.segmentBytes)
        guard left.usedShare <= options.watermarks.full else {
            state.withLock { $0.end(.none) }
            return nil
        }
        let file = try files.beginSpare()
        state.withLock { $0.file = file }
        return file
    }
}
