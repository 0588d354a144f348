/// Decides what ``SecretStripper`` takes out, and which comma goes with each member.
struct SecretVisitor: JSONVisitor {
    /// Which keys are secrets in an object.
    private enum Place {
        case root
        case data
        case qrCode
        case elsewhere
    }

    /// The keys that mean something, whatever their case.
    private enum Name {
        case credential, envelopeSecret, instanceSecret, pairing, qrCode, data

        init?(_ key: JSONString, in base: UnsafePointer<UInt8>) {
            func isKey(_ name: StaticString) -> Bool { key.equalsIgnoringCase(name, in: base) }
            if isKey("apikey") || isKey("api_key") {
                self = .credential
            } else if isKey("destination") || isKey("jwt") {
                self = .envelopeSecret
            } else if isKey("token") || isKey("hash") {
                self = .instanceSecret
            } else if isKey("code") || isKey("base64") || isKey("pairingcode") {
                self = .pairing
            } else if isKey("qrcode") || isKey("qr") {
                self = .qrCode
            } else if isKey("data") {
                self = .data
            } else {
                return nil
            }
        }
    }

    private struct Frame {
        let place: Place
        /// The comma after the last member that stays; it goes when nothing after it stays.
        var keptComma: Int?
        /// Where the member being read begins, when it is to go.
        var doomed: Int?
        /// Whether it goes only if its value is a string.
        var onlyString = false
        /// Where a doomed member began whose comma was just met: the cut ends where the next key begins.
        var openCut: Int?
        /// What the value of the last key is, should it be a container.
        var childPlace = Place.elsewhere
    }

    private let base: UnsafePointer<UInt8>
    private let count: Int
    private let event: String?
    private var frames: [Frame] = []
    private var doomedEnd = 0
    private var nextMarker: Int
    private(set) var edits = BodyEdits()
    /// The value of the envelope's `destination`, where it is a string without escapes.
    private(set) var destination: Range<Int>?
    private var isDestination = false

    init?(_ bytes: UnsafeBufferPointer<UInt8>, event: String?) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        self.count = bytes.count
        self.event = event
        self.nextMarker = TokenRedaction.nextMarker(base, count: bytes.count, from: 0)
    }

    mutating func member(_ key: JSONString, depth: Int) {
        let start = key.start - 1
        var frame = frames[depth - 1]
        if let openCut = frame.openCut {
            edits.cut(openCut..<start)
            frame.openCut = nil
        }
        let name = Name(key, in: base)
        isDestination =
            name == .envelopeSecret && depth == 1 && key.equalsIgnoringCase("destination", in: base)
        let isPairing = name == .qrCode && (frame.place == .root || frame.place == .data)
        frame.onlyString = isPairing
        frame.doomed = isPairing || isSecret(name, in: frame.place) ? start : nil
        frame.childPlace = isPairing ? .qrCode : name == .data && frame.place == .root ? .data : .elsewhere
        frames[depth - 1] = frame
        maskTokens(in: key)
    }

    mutating func string(_ value: JSONString, depth: Int) {
        if depth > 0 { frames[depth - 1].onlyString = false }
        if isDestination, depth == 1 { destination = value.hasEscapes ? nil : value.start..<value.end }
        maskTokens(in: value)
        ended(at: value.end + 1, depth: depth)
    }

    mutating func number(_ range: Range<Int>, depth: Int) {
        ended(at: range.upperBound, depth: depth)
    }

    mutating func literal(_ range: Range<Int>, depth: Int) {
        ended(at: range.upperBound, depth: depth)
    }

    mutating func open(_ container: JSONContainer, at index: Int, depth: Int) {
        // An array is transparent: what is a secret in `data` is one in each element of it too.
        let place = frames.last?.childPlace ?? .root
        frames.append(Frame(place: place, childPlace: container == .array ? place : .elsewhere))
    }

    mutating func close(at index: Int, depth: Int) {
        let frame = frames.removeLast()
        if let doomed = frame.doomed {
            edits.cut((frame.keptComma ?? doomed)..<doomedEnd)
        }
        ended(at: index + 1, depth: depth - 1)
    }

    mutating func comma(at index: Int, depth: Int) {
        if let doomed = frames[depth - 1].doomed {
            frames[depth - 1].openCut = doomed
            frames[depth - 1].doomed = nil
        } else {
            frames[depth - 1].keptComma = index
        }
    }

    /// A value ended whose member may be doomed.
    private mutating func ended(at end: Int, depth: Int) {
        guard depth > 0, frames[depth - 1].doomed != nil else { return }
        if frames[depth - 1].onlyString {
            frames[depth - 1].doomed = nil
        } else {
            doomedEnd = end
        }
    }

    private func isSecret(_ name: Name?, in place: Place) -> Bool {
        switch (name, place) {
        case (.credential, _): true
        case (.envelopeSecret, .root), (.envelopeSecret, .data): true
        case (.pairing, .qrCode): true
        case (.pairing, .root), (.pairing, .data): event == "qrcode.updated"
        case (.instanceSecret, .root), (.instanceSecret, .data): event == "instance.create"
        default: false
        }
    }

    private mutating func maskTokens(in string: JSONString) {
        if nextMarker < string.start {
            nextMarker = TokenRedaction.nextMarker(base, count: count, from: string.start)
        }
        guard string.hasEscapes || nextMarker < string.end else { return }
        var index = string.hasEscapes ? string.start : nextMarker
        while index < string.end {
            if let end = TokenRedaction.match(base, at: index, end: string.end) {
                edits.maskToken(index..<end)
                index = end
            } else {
                index = JSONEscape.asciiUnit(base, at: index, end: string.end).next
            }
        }
    }
}
