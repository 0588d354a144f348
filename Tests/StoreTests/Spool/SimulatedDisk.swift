import Store
import Synchronization

/// A disk in memory that keeps apart what was written and what was synced, fails on demand, and can lose power.
///
/// On a power cut each sector written since the last sync of its file, and each directory change since the last
/// sync of the directory, is kept or lost by chance, independently: the worst that POSIX allows.
final class SimulatedDisk: SpoolDisk {
    struct Faults: Sendable {
        var failingWrites = 0
        var failingSyncs = 0
        /// Part of the bytes of a failing write reaches the file.
        var tearsWrites = false
        var failsCreation = false
        var isFull = false
        /// Of the disk, from 0 to 1.
        var usedShare = 0.5
        var unreadable: Set<Int> = []
    }

    final class Inode: Sendable {
        let content = Mutex(SimulatedContent())
    }

    private enum Change {
        case link(String, Inode)
        case rename(String, String)
        case remove(String)
    }

    private struct State {
        var current: [String: Inode] = [:]
        var durable: [String: Inode] = [:]
        var pending: [Change] = []
        var faults = Faults()
        var syncs = 0
        var bytesRead = 0
        var isLocked = false
    }

    /// What is kept or lost as a whole. Small, so that records are torn in the middle.
    let sectorBytes: Int

    private let state = Mutex(State())
    private let random: Mutex<SeededGenerator>
    /// Called before each sync of a file: tests block the writer here, or count.
    let beforeSync: @Sendable (String) -> Void

    init(seed: UInt64 = 1, sectorBytes: Int = 64, beforeSync: @escaping @Sendable (String) -> Void = { _ in }) {
        self.random = Mutex(SeededGenerator(seed: seed))
        self.sectorBytes = sectorBytes
        self.beforeSync = beforeSync
    }

    var fileSyncs: Int { state.withLock { $0.syncs } }
    var bytesRead: Int { state.withLock { $0.bytesRead } }
    var fileNames: [String] { state.withLock { $0.current.keys.sorted() } }

    func set(_ faults: Faults) {
        state.withLock { $0.faults = faults }
    }

    func bytes(of name: String) -> [UInt8]? {
        state.withLock { $0.current[name] }?.content.withLock { $0.current }
    }

    /// Puts a whole file on the disk, durable at once.
    func put(_ name: String, _ bytes: [UInt8]) {
        let inode = Inode()
        inode.content.withLock { $0 = SimulatedContent(bytes) }
        state.withLock { state in
            state.current[name] = inode
            state.durable[name] = inode
        }
    }

    /// The machine stops and starts again. Faults are gone, and so is what chance did not keep.
    func losePower() {
        state.withLock { state in
            for change in state.pending where chance() { Self.apply(change, to: &state.durable) }
            state.current = state.durable
            state.pending = []
            state.faults = Faults()
            for inode in state.current.values {
                inode.content.withLock { $0.losePower(sectorBytes: sectorBytes, keeps: chance) }
            }
        }
    }

    private func chance() -> Bool { random.withLock { Bool.random(using: &$0) } }

    private static func apply(_ change: Change, to names: inout [String: Inode]) {
        switch change {
        case .link(let name, let inode): names[name] = inode
        case .rename(let old, let new): if let inode = names.removeValue(forKey: old) { names[new] = inode }
        case .remove(let name): names[name] = nil
        }
    }

    private func change(_ change: Change) {
        state.withLock { state in
            Self.apply(change, to: &state.current)
            state.pending.append(change)
        }
    }

    // MARK: - SpoolDisk

    func prepareDirectory() {}

    func lock() throws(SpoolOpenError) -> any SpoolLock {
        SimulatedLock()
    }

    func names() -> [String] { fileNames }

    func create(_ name: String) throws(SpoolDiskError) -> any SpoolFile {
        let faults = state.withLock { $0.faults }
        if faults.failsCreation { throw .broken("create", name) }
        if faults.isFull { throw .noSpace("create", name) }
        let inode = Inode()
        change(.link(name, inode))
        return SimulatedFile(name: name, inode: inode, disk: self)
    }

    func open(_ name: String) throws(SpoolDiskError) -> any SpoolFile {
        guard let inode = state.withLock({ $0.current[name] }) else { throw .broken("open", name) }
        return SimulatedFile(name: name, inode: inode, disk: self)
    }

    func rename(_ name: String, to newName: String) throws(SpoolDiskError) {
        guard fileNames.contains(name) else { throw .broken("rename", name) }
        change(.rename(name, newName))
    }

    func remove(_ name: String) { change(.remove(name)) }

    func synchronizeDirectory() {
        state.withLock { state in
            state.durable = state.current
            state.pending = []
        }
    }

    func space() -> DiskSpace {
        let faults = state.withLock { $0.faults }
        let total = 1 << 40
        let available = faults.isFull ? 1 << 20 : Int((1 - faults.usedShare) * Double(total))
        return DiskSpace(totalBytes: total, availableBytes: available)
    }

    // MARK: - What its files ask

    fileprivate func startSync(of name: String) throws(SpoolDiskError) {
        beforeSync(name)
        let fails = state.withLock { state in
            state.syncs += 1
            guard state.faults.failingSyncs > 0 else { return false }
            state.faults.failingSyncs -= 1
            return true
        }
        if fails { throw .broken("fdatasync", name) }
    }

    /// How many of the bytes of a write reach the file; nil when all do.
    fileprivate func faultOfWrite(byteCount: Int) -> Int? {
        let (fails, tears) = state.withLock { state in
            guard state.faults.failingWrites > 0 else { return (false, false) }
            state.faults.failingWrites -= 1
            return (true, state.faults.tearsWrites)
        }
        guard fails else { return nil }
        return tears ? random.withLock { Int.random(in: 0...byteCount, using: &$0) } : 0
    }

    fileprivate func noteRead(_ byteCount: Int) {
        state.withLock { $0.bytesRead += byteCount }
    }

    fileprivate func isUnreadable(_ range: Range<Int>) -> Bool {
        state.withLock { $0.faults.unreadable.contains { range.contains($0) } }
    }
}

private final class SimulatedLock: SpoolLock {
    func release() {}
}

private final class SimulatedFile: SpoolFile {
    private let name: String
    private let inode: SimulatedDisk.Inode
    private let disk: SimulatedDisk

    init(name: String, inode: SimulatedDisk.Inode, disk: SimulatedDisk) {
        self.name = name
        self.inode = inode
        self.disk = disk
    }

    func byteCount() -> Int { inode.content.withLock { $0.current.count } }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SpoolDiskError) {
        let fault = disk.faultOfWrite(byteCount: bytes.count)
        let written = Array(bytes[..<(fault ?? bytes.count)])
        inode.content.withLock { $0.write(written[...], at: offset, sectorBytes: disk.sectorBytes) }
        if fault != nil { throw .broken("write", name) }
    }

    func read(at offset: Int, count: Int) throws(SpoolDiskError) -> [UInt8] {
        if disk.isUnreadable(offset..<offset + count) { throw .broken("read", name) }
        let bytes = inode.content.withLock { content in
            offset >= content.current.count
                ? [] : Array(content.current[offset..<min(offset + count, content.current.count)])
        }
        disk.noteRead(bytes.count)
        return bytes
    }

    func synchronize() throws(SpoolDiskError) {
        do throws(SpoolDiskError) {
            try disk.startSync(of: name)
        } catch {
            inode.content.withLock { $0.failSync() }
            throw error
        }
        inode.content.withLock { $0.synchronize(sectorBytes: disk.sectorBytes) }
    }

    func truncate(to byteCount: Int) {
        inode.content.withLock { $0.truncate(to: byteCount) }
    }
}

extension SpoolDiskError {
    static func broken(_ operation: String, _ file: String) -> SpoolDiskError {
        SpoolDiskError(operation: operation, file: file, code: 5, reason: "Input/output error", isBadMedium: true)
    }

    static func noSpace(_ operation: String, _ file: String) -> SpoolDiskError {
        SpoolDiskError(operation: operation, file: file, code: 28, reason: "No space left", isOutOfSpace: true)
    }
}

/// SplitMix64: the same seed gives the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
