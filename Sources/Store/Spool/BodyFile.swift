import FoundationEssentials
import HookgateCore
import Synchronization

/// A body that is too long for memory and for a segment, in a file of its own.
///
/// It is received under a temporary name, and gets its real one when its record is about to be written; the record is
/// what makes it count. Whatever becomes of the request, a file without a record goes with the last reference to this.
final class BodyFile: SpoolBody {
    private struct State {
        var name: String
        var file: (any SpoolFile)?
        var byteCount = 0
        /// Written since the last sync.
        var unsynced = 0
        var reference: BodyReference?
        var isKept = false
    }

    /// Written out as it comes, so that at its end a body waits for no more than this, and a fast sender for the disk.
    private static let syncStride = 4 << 20

    private let spool: Spool
    private let state: Mutex<State>

    init(spool: Spool) {
        self.spool = spool
        self.state = Mutex(State(name: SpoolFiles.receivedBodyName(UUID().uuidString.lowercased())))
    }

    deinit {
        let (name, wasCreated, byteCount, isKept) = state.withLock {
            ($0.name, $0.file != nil || $0.reference != nil, $0.byteCount, $0.isKept)
        }
        if isKept { return }
        spool.forgetBody(byteCount, wasOpened: wasCreated)
        guard wasCreated else { return }
        let disk = spool.files.disk
        // What cannot be removed now is, when the spool is opened next or its segment is passed.
        spool.execution.prepare { try? disk.remove(name) }
    }

    func write(_ piece: [UInt8]) throws(SpoolError) {
        try state.withLock { (state) throws(SpoolError) in
            if state.file == nil {
                try spool.openBody()
                do throws(SpoolDiskError) {
                    state.file = try spool.files.disk.create(state.name)
                } catch {
                    spool.forgetBody(0, wasOpened: true)
                    throw spool.failedBody(error)
                }
            }
            try spool.reserveBody(piece.count)
            let offset = state.byteCount
            state.byteCount += piece.count
            state.unsynced += piece.count
            do throws(SpoolDiskError) {
                try state.file?.write(piece, at: offset)
                guard state.unsynced >= Self.syncStride else { return }
                try state.file?.synchronize()
            } catch {
                throw spool.failedBody(error)
            }
            state.unsynced = 0
            try spool.checkRoomForBody()
        }
    }

    func seal(_ read: ReadBody) throws(SpoolError) {
        try state.withLock { (state) throws(SpoolError) in
            precondition(state.byteCount == read.byteCount, "cannot seal a body of which a part was not written")
            do throws(SpoolDiskError) {
                try state.file?.synchronize()
            } catch {
                throw spool.failedBody(error)
            }
            state.file = nil
            state.reference = BodyReference(read)
        }
    }

    func store(_ event: AcceptedEvent, at place: CompletionPlace?, completion: @escaping EventSpool.Completion) {
        guard let reference = state.withLock({ $0.reference }) else {
            preconditionFailure("cannot store an event before its body is sealed")
        }
        spool.append(WaitingAppend(event, body: self, reference, at: place, completion: completion))
    }

    // MARK: For the writer

    /// Gives the file the name that its record leads to.
    func move(to name: BodyFiles.Name) throws(SpoolDiskError) {
        try state.withLock { (state) throws(SpoolDiskError) in
            try spool.files.disk.rename(state.name, to: name.text)
            state.name = name.text
        }
    }

    /// Its record is durable: from now on the file belongs to that.
    func keep() {
        state.withLock { $0.isKept = true }
    }
}
