import CProcessor

/// CRC-32C (Castagnoli), eight bytes a step: the checksum of the segment log.
struct CRC32C {
    /// Who adds the bytes up.
    enum Means {
        /// An instruction of the processor's, which not every processor has.
        case instruction
        case table

        static let fastest: Means = hookgate_has_crc32c() ? .instruction : .table
    }

    private static let table = makeTable()

    private let means: Means
    private var state: UInt32

    /// - Parameter seed: a number that both sides know; another seed gives another checksum for the same bytes.
    init(seed: UInt32 = 0, by means: Means = .fastest) {
        self.means = means
        self.state = ~seed
    }

    var value: UInt32 { ~state }

    static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        var checksum = CRC32C(seed: seed)
        checksum.update(bytes)
        return checksum.value
    }

    static func checksum(_ bytes: some Collection<UInt8>, seed: UInt32 = 0) -> UInt32 {
        if let value = bytes.withContiguousStorageIfAvailable({ checksum(UnsafeRawBufferPointer($0), seed: seed) }) {
            return value
        }
        return Array(bytes).withUnsafeBytes { checksum($0, seed: seed) }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state =
            switch means {
            case .instruction: hookgate_crc32c(state, bytes.baseAddress, bytes.count)
            case .table: Self.table.withUnsafeBufferPointer { Self.advance(state, over: bytes, table: $0) }
            }
    }

    private static func advance(
        _ start: UInt32, over bytes: UnsafeRawBufferPointer, table: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var crc = start
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
            crc = table[0x700 &+ Int(word & 0xFF)]
            crc ^= table[0x600 &+ Int((word >> 8) & 0xFF)]
            crc ^= table[0x500 &+ Int((word >> 16) & 0xFF)]
            crc ^= table[0x400 &+ Int((word >> 24) & 0xFF)]
            crc ^= table[0x300 &+ Int((word >> 32) & 0xFF)]
            crc ^= table[0x200 &+ Int((word >> 40) & 0xFF)]
            crc ^= table[0x100 &+ Int((word >> 48) & 0xFF)]
            crc ^= table[Int(word >> 56)]
            index &+= 8
        }
        while index < bytes.count {
            crc = table[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ (crc >> 8)
            index &+= 1
        }
        return crc
    }

    private static func makeTable() -> [UInt32] {
        var table: [UInt32] = []
        for index in 0..<UInt32(256) {
            var crc = index
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
            table.append(crc)
        }
        for slice in 1..<8 {
            for index in 0..<256 {
                let previous = table[(slice - 1) * 256 + index]
                table.append(table[Int(previous & 0xFF)] ^ (previous >> 8))
            }
        }
        return table
    }
}
