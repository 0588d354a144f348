import Synchronization

/// The next segment, made ahead of time and away from the writer. Where it is not ready in time the writer goes
/// on without: in a file that grows, at twice the price per sync.
final class SpareSegment: Sendable {
    private enum State {
        case none, preparing, ready
    }

    private let files: SpoolFiles
    private let options: SpoolOptions
    private let execution: SpoolExecution
    /// Held as long as this may write: whoever opened the directory meanwhile would take the file for its own.
    private let lock: any SpoolLock
    private let state = Mutex(State.none)

    init(files: SpoolFiles, options: SpoolOptions, execution: SpoolExecution, lock: any SpoolLock) {
        self.lock = lock
        self.files = files
        self.options = options
        self.execution = execution
    }

    /// Whether there is one; it is the caller's from now on.
    func take() -> Bool {
        state.withLock { state in
            guard state == .ready else { return false }
            state = .none
            return true
        }
    }

    /// Sets about having one, unless that is under way.
    func prepare() {
        let starts = state.withLock { state in
            guard state == .none else { return false }
            state = .preparing
            return true
        }
        if starts { execution.prepare { self.prepareNow(rest: self.execution.rest) } }
    }

    /// The same on the caller's thread: when the spool is opened, before there is a writer.
    /// - Parameter rest: how to give way to others between two pieces of work.
    func prepareNow(rest: (Duration) -> Void = { _ in }) {
        let isReady: Bool
        do throws(SpoolDiskError) {
            isReady = try findOrMake(rest)
        } catch {
            // No loss: the writer does without, and says itself if it cannot write.
            isReady = false
        }
        state.withLock { $0 = isReady ? .ready : .none }
    }

    private func findOrMake(_ rest: (Duration) -> Void) throws(SpoolDiskError) -> Bool {
        if try files.hasSpare(byteCount: options.segmentBytes) { return true }
        let space = try files.disk.space()
        let left = DiskSpace(
            totalBytes: space.totalBytes, availableBytes: space.availableBytes - options.segmentBytes)
        guard left.usedShare <= options.watermarks.full else { return false }
        try files.makeSpare(byteCount: options.segmentBytes, rest: rest)
        return true
    }
}
