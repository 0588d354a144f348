/// Writes the masked text of ``BodyMask`` while the body is walked.
struct MaskVisitor: JSONVisitor {
    private struct Frame {
        let isObject: Bool
        let area: MaskPolicy.Area
        /// Where the container's own text begins.
        let start: Int
        var count = 0
        /// Whether it holds masked values alone, under keys that say nothing.
        var isMaskedRun = true
        /// How the value of the last key, or each element, is treated.
        var treatment: MaskPolicy.Treatment
        /// The area inside that value, should it be a container.
        var childArea: MaskPolicy.Area
    }

    /// So many masked values in a row are still shown one by one.
    private static let longestRunShown = 8
    /// Up to so many bytes a masked string's characters are counted; beyond, its bytes.
    private static let longestCounted = 65_536

    private let base: UnsafePointer<UInt8>
    private let isPretty: Bool
    private var frames: [Frame] = []
    private var output: [UInt8] = []

    var text: String { String(decoding: output, as: UTF8.self) }

    init?(_ bytes: UnsafeBufferPointer<UInt8>, layout: BodyMask.Layout) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        self.isPretty = layout == .pretty
    }

    mutating func member(_ key: JSONString, depth: Int) {
        separate(depth: depth)
        let name = key.unescaped(in: base, limit: 64)
        let isShown = name.isWhole && MaskPolicy.showsKey(name.text.utf8)
        if isShown {
            quote(name.text)
        } else {
            writeAddressOrMask(key)
        }
        output.append(UInt8(ascii: ":"))
        if isPretty { output.append(UInt8(ascii: " ")) }
        let area = frames[depth - 1].area
        frames[depth - 1].treatment = isShown ? MaskPolicy.treatment(of: name.text, in: area) : .masked
        frames[depth - 1].childArea = isShown && MaskPolicy.opensContent(name.text) ? .content : area
        if name.text.utf8.first.map({ !(0x30...0x39).contains($0) }) ?? true { frames[depth - 1].isMaskedRun = false }
    }

    mutating func string(_ value: JSONString, depth: Int) {
        beginElement(depth: depth)
        let treatment = frames.last?.treatment ?? .masked
        let text = treatment == .masked ? "" : value.unescaped(in: base, limit: BodyScanner.longestInstance).text
        let isKept =
            switch treatment {
            case .identifier: Self.isIdentifier(text)
            case .status: MaskPolicy.statusWords.contains(text)
            case .mediaType: Self.isMediaType(text)
            case .name: true
            case .addressOrIdentifier: !text.utf8.contains(UInt8(ascii: "@")) && Self.isIdentifier(text)
            case .address, .quantity, .masked: false
            }
        if isKept && !text.contains(WebhookToken.prefix) || value.isEmpty {
            quote(text)
            if depth > 0 { frames[depth - 1].isMaskedRun = false }
        } else if treatment == .address || treatment == .addressOrIdentifier {
            writeAddressOrMask(value)
        } else {
            writeMask(value)
        }
    }

    mutating func number(_ range: Range<Int>, depth: Int) {
        beginElement(depth: depth)
        if frames.last?.treatment == .quantity, range.count <= 20 {
            output.append(contentsOf: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
            frames[depth - 1].isMaskedRun = false
        } else {
            quote("•••• (number)")
        }
    }

    mutating func literal(_ range: Range<Int>, depth: Int) {
        beginElement(depth: depth)
        output.append(contentsOf: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
        if depth > 0 { frames[depth - 1].isMaskedRun = false }
    }

    mutating func open(_ container: JSONContainer, at index: Int, depth: Int) {
        beginElement(depth: depth - 1)
        if depth > 1 { frames[depth - 2].isMaskedRun = false }
        let parent = frames.last
        let area = parent?.childArea ?? .envelope
        // Elements of an array are treated as its key says, except that objects in it bring their own keys. A
        // number under a timestamp's key may also come as {low, high, unsigned}: those keys are quantities.
        let treatment = container == .array ? parent?.treatment ?? .masked : .masked
        frames.append(
            Frame(
                isObject: container == .object, area: area, start: output.count, treatment: treatment, childArea: area))
        output.append(container == .object ? UInt8(ascii: "{") : UInt8(ascii: "["))
    }

    mutating func close(at index: Int, depth: Int) {
        let frame = frames.removeLast()
        if frame.isMaskedRun, frame.count > Self.longestRunShown {
            output.removeSubrange(frame.start...)
            quote("•••• (\(frame.count) values)")
            return
        }
        if frame.count > 0 { breakLine(depth: depth - 1) }
        output.append(frame.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
    }

    mutating func comma(at index: Int, depth: Int) {}
}

extension MaskVisitor {
    /// Comma and line break before an element of an array; a member has written its own.
    private mutating func beginElement(depth: Int) {
        guard depth > 0, !frames[depth - 1].isObject else { return }
        separate(depth: depth)
    }

    private mutating func separate(depth: Int) {
        if frames[depth - 1].count > 0 { output.append(UInt8(ascii: ",")) }
        frames[depth - 1].count += 1
        breakLine(depth: depth)
    }

    private mutating func breakLine(depth: Int) {
        guard isPretty else { return }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func writeMask(_ value: JSONString) {
        if value.end - value.start > Self.longestCounted {
            quote("•••• (\(value.end - value.start) bytes)")
        } else {
            let count = value.unescaped(in: base, limit: Self.longestCounted).text.count
            quote("•••• (\(count) \(count == 1 ? "character" : "characters"))")
        }
    }

    /// `15550101004@s.whatsapp.net` becomes `••••1004@s.whatsapp.net`; what is no address is masked.
    private mutating func writeAddressOrMask(_ value: JSONString) {
        let text = value.unescaped(in: base, limit: 128).text
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isUser = { (byte: UInt8) in (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x3A }
        guard parts.count == 2, parts[0].utf8.count > 4, parts[0].utf8.allSatisfy(isUser),
            MaskVisitor.domains.contains(String(parts[1]))
        else { return writeMask(value) }
        quote("••••\(parts[0].suffix(4))@\(parts[1])")
    }

    private static let domains: Set<String> = ["s.whatsapp.net", "c.us", "lid", "g.us", "broadcast", "newsletter"]

    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count <= 128
            && text.utf8.allSatisfy { Base64URL.isMember($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
    }

    private static func isMediaType(_ text: String) -> Bool {
        text.utf8.count <= 128 && text.utf8.contains(UInt8(ascii: "/"))
            && text.utf8.allSatisfy { Base64URL.isMember($0) || "./+; =".utf8.contains($0) }
    }

    /// Writes a JSON string. What a terminal could take for a command or for a change of direction is escaped.
    private mutating func quote(_ text: String) {
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case _ where scalar == "\"" || scalar == "\\":
                output += [UInt8(ascii: "\\"), UInt8(ascii: scalar)]
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
                    let digits = String(unit, radix: 16)
                    output.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
                }
            default:
                output.append(contentsOf: String(scalar).utf8)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
