/// From bytes to the codewords of a QR code: length, padding, and the error correction of Reed and Solomon, block by
/// block and interleaved.
enum QRCodewords {
    static let versions = 1...40

    /// Of level L, by version: how many error correction codewords each block has, and how many blocks there are.
    private static let correction = [
        7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ]
    private static let blocks = [
        1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19,
        19, 20, 21, 22, 24, 25,
    ]

    /// The smallest version that holds these bytes, with its codewords; nil when none does.
    static func encode(_ bytes: [UInt8]) -> (version: Int, codewords: [UInt8])? {
        guard let version = versions.first(where: { bytes.count <= capacity($0) }) else { return nil }
        return (version, interleaved(data(bytes, version), version))
    }

    /// Bytes of text that a version holds: four bits say that it is bytes, eight or sixteen how many.
    private static func capacity(_ version: Int) -> Int {
        dataCount(version) - (version < 10 ? 2 : 3)
    }

    private static func dataCount(_ version: Int) -> Int {
        total(version) - correction[version - 1] * blocks[version - 1]
    }

    /// All codewords: the modules that no pattern takes, in eights.
    private static func total(_ version: Int) -> Int {
        let side = QRMatrix.size(version)
        var modules = side * side
        // Finders with their separators, timing, format with the one dark module.
        modules -= 3 * 64 + 2 * (side - 16) + 31
        let lines = QRMatrix.alignment(version).count
        if lines > 0 {
            // Three corners have none; those that lie on the timing lines share five modules with them.
            modules -= (lines * lines - 3) * 25 - 2 * (lines - 2) * 5
        }
        if version >= 7 { modules -= 36 }
        return modules / 8
    }

    private static func data(_ bytes: [UInt8], _ version: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.append(0b0100, count: 4)
        bits.append(UInt32(bytes.count), count: version < 10 ? 8 : 16)
        for byte in bytes { bits.append(UInt32(byte), count: 8) }
        let wanted = dataCount(version)
        bits.append(0, count: min(4, wanted * 8 - bits.count))
        bits.append(0, count: (8 - bits.count % 8) % 8)
        var codewords = bits.bytes
        var padding: UInt8 = 0xEC
        while codewords.count < wanted {
            codewords.append(padding)
            padding = padding == 0xEC ? 0x11 : 0xEC
        }
        return codewords
    }

    /// The first codeword of each block, then the second, and so on; the error correction after all data.
    private static func interleaved(_ data: [UInt8], _ version: Int) -> [UInt8] {
        let count = blocks[version - 1]
        let short = data.count / count
        let shortBlocks = count - data.count % count
        let divisor = ReedSolomon.divisor(degree: correction[version - 1])
        var parts: [[UInt8]] = []
        var start = 0
        for block in 0..<count {
            let end = start + short + (block < shortBlocks ? 0 : 1)
            parts.append(Array(data[start..<end]))
            start = end
        }
        let corrections = parts.map { ReedSolomon.remainder($0, divisor) }
        return columns(parts) + columns(corrections)
    }

    private static func columns(_ parts: [[UInt8]]) -> [UInt8] {
        (0..<(parts.map(\.count).max() ?? 0)).flatMap { index in
            parts.compactMap { index < $0.count ? $0[index] : nil }
        }
    }

    /// Bits, the highest first.
    private struct BitWriter {
        private(set) var bytes: [UInt8] = []
        private(set) var count = 0

        mutating func append(_ value: UInt32, count bits: Int) {
            for place in stride(from: bits - 1, through: 0, by: -1) {
                if count % 8 == 0 { bytes.append(0) }
                if value >> UInt32(place) & 1 == 1 { bytes[count / 8] |= 0x80 >> UInt8(count % 8) }
                count += 1
            }
        }
    }
}

/// Error correction over GF(2⁸) with the polynomial 0x11D.
enum ReedSolomon {
    /// The product of (x - 2ⁱ) for i below the degree, without its leading 1.
    static func divisor(degree: Int) -> [UInt8] {
        var coefficients = [UInt8](repeating: 0, count: degree)
        coefficients[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in 0..<degree {
                coefficients[index] = multiply(coefficients[index], root)
                if index + 1 < degree { coefficients[index] ^= coefficients[index + 1] }
            }
            root = multiply(root, 2)
        }
        return coefficients
    }

    static func remainder(_ data: [UInt8], _ divisor: [UInt8]) -> [UInt8] {
        var rest = [UInt8](repeating: 0, count: divisor.count)
        for byte in data {
            let factor = byte ^ rest.removeFirst()
            rest.append(0)
            for index in divisor.indices { rest[index] ^= multiply(divisor[index], factor) }
        }
        return rest
    }

    private static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product: UInt8 = 0
        for place in stride(from: 7, through: 0, by: -1) {
            product = product << 1 ^ (product >> 7 == 1 ? 0x1D : 0)
            if right >> UInt8(place) & 1 == 1 { product ^= left }
        }
        return product
    }
}
