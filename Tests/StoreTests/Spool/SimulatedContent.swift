/// What a file of a ``SimulatedDisk`` holds, and what of it would be there after a power cut.
struct SimulatedContent: Sendable {
    private(set) var current: [UInt8] = []
    private var durable: [UInt8] = []
    /// By sector: written since the last sync.
    private var isDirty: [Bool] = []
    /// A sync failed: some bytes can be read and are on no medium.
    private var hasLostPages = false

    init(_ bytes: [UInt8] = []) {
        self.current = bytes
        self.durable = bytes
    }

    mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int, sectorBytes: Int) {
        guard !bytes.isEmpty else { return }
        Self.copy(bytes, into: &current, at: offset)
        let sectors = offset / sectorBytes...(offset + bytes.count - 1) / sectorBytes
        if isDirty.count <= sectors.upperBound {
            isDirty += [Bool](repeating: false, count: sectors.upperBound + 1 - isDirty.count)
        }
        for sector in sectors { isDirty[sector] = true }
    }

    mutating func truncate(to byteCount: Int) {
        if current.count > byteCount {
            current.removeLast(current.count - byteCount)
        } else {
            current += [UInt8](repeating: 0, count: byteCount - current.count)
        }
    }

    mutating func synchronize(sectorBytes: Int) {
        if hasLostPages {
            for range in dirtyRanges(sectorBytes) { Self.copy(current[range], into: &durable, at: range.lowerBound) }
            if durable.count > current.count { durable.removeLast(durable.count - current.count) }
        } else {
            durable = current
        }
        isDirty = []
    }

    /// The kernel calls the pages clean: they can be read, and never reach the medium.
    mutating func failSync() {
        isDirty = []
        hasLostPages = true
    }

    /// Each sector that was not synced is kept or lost.
    mutating func losePower(sectorBytes: Int, keeps: () -> Bool) {
        for range in dirtyRanges(sectorBytes) where keeps() {
            Self.copy(current[range], into: &durable, at: range.lowerBound)
        }
        self = SimulatedContent(durable)
    }

    private func dirtyRanges(_ sectorBytes: Int) -> [Range<Int>] {
        isDirty.indices.compactMap { sector in
            let start = sector * sectorBytes
            // A sector behind the end was cut off since.
            guard isDirty[sector], start < current.count else { return nil }
            return start..<min(start + sectorBytes, current.count)
        }
    }

    private static func copy(_ bytes: ArraySlice<UInt8>, into target: inout [UInt8], at offset: Int) {
        let end = offset + bytes.count
        if target.count < end { target += [UInt8](repeating: 0, count: end - target.count) }
        target.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<end]).copyMemory(from: bytes)
            }
        }
    }
}
