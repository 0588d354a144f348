/// The square of a QR code: its patterns, its codewords, and a mask over these.
struct QRMatrix {
    let version: Int
    let size: Int
    private(set) var dark: [Bool]
    /// Modules of a pattern: no codeword and no mask touches them.
    private var isFixed: [Bool]

    static func size(_ version: Int) -> Int { 17 + 4 * version }

    /// Where the centres of the small squares lie, across and down.
    static func alignment(_ version: Int) -> [Int] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        let last = size(version) - 7
        // Even distances from the far end; what is left over goes before the second one.
        let step = version == 32 ? 26 : (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
        return [6] + (0..<(count - 1)).reversed().map { last - $0 * step }
    }

    init(version: Int, codewords: [UInt8]) {
        self.version = version
        self.size = Self.size(version)
        self.dark = [Bool](repeating: false, count: size * size)
        self.isFixed = dark
        drawPatterns()
        place(codewords)
    }

    /// The one of the eight masks that leaves the least that could be taken for a pattern.
    static func best(version: Int, codewords: [UInt8]) -> QRMatrix {
        let plain = QRMatrix(version: version, codewords: codewords)
        var best = plain.masked(0)
        var least = best.penalty
        for mask in 1..<8 {
            let other = plain.masked(mask)
            let penalty = other.penalty
            if penalty < least {
                best = other
                least = penalty
            }
        }
        return best
    }

    func masked(_ mask: Int) -> QRMatrix {
        precondition((0..<8).contains(mask), "cannot use mask \(mask) while there are eight")
        var matrix = self
        for y in 0..<size {
            for x in 0..<size where !isFixed[y * size + x] && Self.inverts(mask, x, y) {
                matrix.dark[y * size + x].toggle()
            }
        }
        matrix.drawFormat(mask)
        return matrix
    }

    private static func inverts(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
        switch mask {
        case 0: (x + y) % 2 == 0
        case 1: y % 2 == 0
        case 2: x % 3 == 0
        case 3: (x + y) % 3 == 0
        case 4: (x / 3 + y / 2) % 2 == 0
        case 5: x * y % 2 + x * y % 3 == 0
        case 6: (x * y % 2 + x * y % 3) % 2 == 0
        default: ((x + y) % 2 + x * y % 3) % 2 == 0
        }
    }

    // MARK: Patterns

    private mutating func fix(_ x: Int, _ y: Int, _ isDark: Bool) {
        guard (0..<size).contains(x), (0..<size).contains(y) else { return }
        dark[y * size + x] = isDark
        isFixed[y * size + x] = true
    }

    private mutating func drawPatterns() {
        for place in 0..<size {
            fix(6, place, place % 2 == 0)
            fix(place, 6, place % 2 == 0)
        }
        // With their separators; over the ends of the timing lines.
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] { drawSquare(x, y, reach: 4) { $0 != 2 && $0 != 4 } }
        let lines = Self.alignment(version)
        for y in lines {
            for x in lines where !isCorner(x, y) { drawSquare(x, y, reach: 2) { $0 != 1 } }
        }
        drawVersion()
        // Their places alone: what stands there depends on the mask.
        drawFormat(0)
    }

    /// Rings around a centre, each dark or light.
    private mutating func drawSquare(_ x: Int, _ y: Int, reach: Int, _ isDark: (Int) -> Bool) {
        for dy in -reach...reach {
            for dx in -reach...reach { fix(x + dx, y + dy, isDark(max(abs(dx), abs(dy)))) }
        }
    }

    /// Where a finder lies already.
    private func isCorner(_ x: Int, _ y: Int) -> Bool {
        let last = size - 7
        return [(6, 6), (last, 6), (6, last)].contains { $0 == (x, y) }
    }

    /// Level and mask, twice, with a code that mends three wrong bits.
    private mutating func drawFormat(_ mask: Int) {
        let level = 0b01
        let data = level << 3 | mask
        let bits = (data << 10 | Self.remainder(data, bits: 10, polynomial: 0x537)) ^ 0x5412
        func bit(_ place: Int) -> Bool { bits >> place & 1 == 1 }
        for place in 0..<6 {
            fix(8, place, bit(place))
            fix(14 - (place + 9), 8, bit(place + 9))
        }
        fix(8, 7, bit(6))
        fix(8, 8, bit(7))
        fix(7, 8, bit(8))
        for place in 0..<8 { fix(size - 1 - place, 8, bit(place)) }
        for place in 8..<15 { fix(8, size - 15 + place, bit(place)) }
        fix(8, size - 8, true)
    }

    private mutating func drawVersion() {
        guard version >= 7 else { return }
        let bits = version << 12 | Self.remainder(version, bits: 12, polynomial: 0x1F25)
        for place in 0..<18 {
            let isDark = bits >> place & 1 == 1
            fix(size - 11 + place % 3, place / 3, isDark)
            fix(place / 3, size - 11 + place % 3, isDark)
        }
    }

    private static func remainder(_ data: Int, bits: Int, polynomial: Int) -> Int {
        (0..<bits).reduce(data) { rest, _ in rest << 1 ^ (rest >> (bits - 1) & 1) * polynomial }
    }

    // MARK: Codewords

    /// Two columns at a time, from the right, up and down in turns.
    private mutating func place(_ codewords: [UInt8]) {
        var index = 0
        var right = size - 1
        var goesUp = true
        while right > 0 {
            // The timing line's column is nobody's.
            if right == 6 { right = 5 }
            for step in 0..<size {
                let y = goesUp ? size - 1 - step : step
                for x in [right, right - 1] where !isFixed[y * size + x] && index < codewords.count * 8 {
                    dark[y * size + x] = codewords[index / 8] >> UInt8(7 - index % 8) & 1 == 1
                    index += 1
                }
            }
            right -= 2
            goesUp.toggle()
        }
    }
}

extension QRMatrix {
    /// What speaks against it: long runs, squares of one colour, what looks like a finder, and more of one colour than of
    /// the other.
    var penalty: Int {
        var sum = 0
        for line in 0..<size {
            sum += Self.penalty(of: (0..<size).map { dark[line * size + $0] })
            sum += Self.penalty(of: (0..<size).map { dark[$0 * size + line] })
        }
        for y in 0..<(size - 1) {
            for x in 0..<(size - 1) {
                let first = dark[y * size + x]
                if first == dark[y * size + x + 1], first == dark[(y + 1) * size + x],
                    first == dark[(y + 1) * size + x + 1]
                {
                    sum += 3
                }
            }
        }
        let share = dark.count { $0 } * 20
        let total = size * size
        return sum + max(0, (abs(share - total * 10) + total - 1) / total - 1) * 10
    }

    private static let finder = [true, false, true, true, true, false, true]

    private static func penalty(of line: [Bool]) -> Int {
        var sum = 0
        var run = 1
        for index in 1...line.count {
            if index < line.count, line[index] == line[index - 1] {
                run += 1
                continue
            }
            if run >= 5 { sum += run - 2 }
            run = 1
        }
        for start in 0...(line.count - finder.count) where Array(line[start..<(start + finder.count)]) == finder {
            let before = line[max(0, start - 4)..<start]
            let after = line[(start + finder.count)..<min(line.count, start + finder.count + 4)]
            // Beyond the edge everything is light.
            if !before.contains(true) || !after.contains(true) { sum += 40 }
        }
        return sum
    }
}
