/// An IP address, read strictly: as a socket has it, not as people abbreviate it.
package struct IPAddress: Sendable, Hashable {
    /// 4 or 16, in the order of the network.
    package let bytes: [UInt8]

    /// Nil unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads `192.0.2.1` or `2001:db8::1`, without a zone.
    package init?(_ text: String) {
        guard let bytes = text.contains(":") ? Self.sixteen(text) : Self.four(text) else { return nil }
        self.bytes = bytes
    }

    /// Reads an IPv4 address as C libraries do (`inet_aton`), and with them whoever is given a URL: in up to four numbers, the
    /// last of them for all bytes that are left, octal behind a zero and hexadecimal behind `0x`. Strict readers refuse most
    /// of this; it is for finding out where others would go.
    package init?(abbreviated text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var value: UInt64 = 0
        for (index, part) in parts.enumerated() {
            let rest = index == parts.count - 1 ? 5 - parts.count : 1
            guard let number = Self.number(part), number < 1 << (8 * UInt64(rest)) else { return nil }
            value = value << (8 * UInt64(rest)) | number
        }
        self.bytes = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
    }

    private static func number(_ part: Substring) -> UInt64? {
        guard let first = part.utf8.first, (0x30...0x39).contains(first) else { return nil }
        if part.hasPrefix("0x") || part.hasPrefix("0X") { return UInt64(part.dropFirst(2), radix: 16) }
        return UInt64(part, radix: first == 0x30 ? 8 : 10)
    }

    private static func four(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // A leading zero means octal to some readers, so it is no address here.
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || part.first != "0", let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func sixteen(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 45 else { return nil }
        let halves = text.components(around: "::")
        guard halves.count <= 2, let head = groups(halves[0], isLast: halves.count == 1) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1], isLast: true), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Groups of four hexadecimal digits; the last two may be written as an IPv4 address.
    private static func groups(_ text: Substring, isLast: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains(".") {
                guard let four = four(String(part)) else { return nil }
                bytes += four
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes
    }
}

extension IPAddress {
    /// Whether this is an address of one machine on the public internet, and no way around to another one.
    ///
    /// What is refused: everything in IANA's registries of special addresses, among them this machine, private
    /// networks, link-local addresses (where clouds keep their credentials), the carriers' 100.64.0.0/10, multicast;
    /// and every IPv6 address that holds an IPv4 address inside (mapped, NAT64, 6to4, Teredo), since what is reached
    /// in the end is that one.
    package var isPublic: Bool {
        bytes.count == 4
            ? !Self.refusedFour.contains { $0.holds(bytes) }
            : Self.globalUnicast.holds(bytes) && !Self.refusedSixteen.contains { $0.holds(bytes) }
    }

    /// Whether this is the very machine that asks: 127.0.0.0/8, 0.0.0.0/8, which leads there as well, `::`, `::1`, and the
    /// same inside of an IPv6 address.
    package var isThisMachine: Bool {
        guard bytes.count == 16 else { return Self.ownFour.contains { $0.holds(bytes) } }
        guard Self.inside.contains(where: { $0.holds(bytes) }) else { return false }
        return Self.ownFour.contains { $0.holds(Array(bytes.suffix(4))) }
    }

    private static let ownFour = [Network([0], 8), Network([127], 8)]

    /// Where an IPv4 address stands in the last four bytes: mapped ones, and the older ones that are all zeros before it.
    private static let inside = [
        Network([], 96), Network([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 96),
    ]

    private static let refusedFour = [
        Network([0], 8), Network([10], 8), Network([100, 64], 10), Network([127], 8), Network([169, 254], 16),
        Network([172, 16], 12), Network([192, 0, 0], 24), Network([192, 0, 2], 24), Network([192, 31, 196], 24),
        Network([192, 52, 193], 24), Network([192, 88, 99], 24), Network([192, 168], 16), Network([192, 175, 48], 24),
        Network([198, 18], 15), Network([198, 51, 100], 24), Network([203, 0, 113], 24),
        // Multicast, what is reserved, and the broadcast address.
        Network([224], 3),
    ]

    /// Everything that is given out. Outside of it lie ::1, mapped and NAT64 addresses, fc00::/7, fe80::/10, ff00::/8.
    private static let globalUnicast = Network([0x20], 3)

    private static let refusedSixteen = [
        // Protocol assignments (Teredo, benchmarks, ORCHID), documentation, 6to4, documentation again, segment routing.
        Network([0x20, 0x01, 0x00], 23), Network([0x20, 0x01, 0x0D, 0xB8], 32), Network([0x20, 0x02], 16),
        Network([0x3F, 0xFF, 0x00], 20), Network([0x26, 0x20, 0x00, 0x4F, 0x80, 0x00], 48),
    ]

    /// The addresses that begin with the same bits.
    private struct Network {
        let prefix: [UInt8]
        let bits: Int

        init(_ prefix: [UInt8], _ bits: Int) {
            self.prefix = prefix
            self.bits = bits
        }

        func holds(_ address: [UInt8]) -> Bool {
            (0..<bits).allSatisfy { bit in
                let mask = UInt8(0x80) >> UInt8(bit % 8)
                let wanted = bit / 8 < prefix.count ? prefix[bit / 8] : 0
                return address[bit / 8] & mask == wanted & mask
            }
        }
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":")
    }
}

extension String {
    /// The parts around a separator of several characters.
    fileprivate func components(around separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
