import HookgateCore
import Synchronization

/// Shows the codes of a pairing: drawn on a terminal, each over the one before, with a countdown; piped, one below the
/// other; with `--json` as lines.
final class PairingPrinter: Sendable {
    private struct Line: Encodable {
        let state: String
        var qr: String?
        var pairingCode: String?
        var lastsSeconds: Int?
        var phoneNumber: String?
    }

    private struct State {
        /// Lines on the terminal that the next code is drawn over.
        var drawn = 0
        var endsAt: ContinuousClock.Instant?
        var hasCountdown = false
    }

    private let isJSON: Bool
    private let isTerminal = StandardStream.output.isTerminal
    private let state = Mutex(State())

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    func show(_ pairing: PairingState) throws {
        if isJSON { return try JSONOutput.printLine(Self.line(pairing)) }
        let output = StandardStream.output
        switch pairing {
        case .waiting: output.line("The server has no code yet; it is asked again.")
        case .renewed: erase()
        case .code(let code, let lasts): draw(code, lasts)
        case .connected(let number):
            erase()
            output.line("✅ connected\(number.map { " as \($0.text)" } ?? "")")
        }
    }

    /// A second has passed.
    func tick() {
        guard isTerminal, !isJSON else { return }
        state.withLock { state in
            guard let end = state.endsAt else { return }
            let left = max(0, Int(ContinuousClock.now.duration(to: end).components.seconds))
            StandardStream.output.write("\r\u{1B}[KThe next code comes in about \(left) s.")
            state.hasCountdown = true
        }
    }

    func giveUp(_ instance: String, after wait: DurationArgument) throws {
        if isJSON { return try JSONOutput.printLine(Line(state: "not_connected")) }
        erase()
        StandardStream.output.line(
            "⚠️ \(instance.printable) is not connected after \(wait.defaultValueDescription). Run this again for another code."
        )
    }

    private func draw(_ code: EvolutionPairing, _ lasts: Duration) {
        erase()
        var lines: [String] = []
        if let text = code.qrText, let symbol = QRSymbol(text) {
            lines += ["Scan this with WhatsApp, Linked devices, Link a device:", ""]
            lines += QRDrawing.lines(symbol, isColoured: isTerminal) + [""]
        }
        if let pairing = code.pairingCode { lines.append("Or type this code there: \(pairing.printable)") }
        for line in lines { StandardStream.output.write(line + "\n") }
        state.withLock { state in
            state.drawn = lines.count
            state.endsAt = ContinuousClock.now.advanced(by: lasts)
        }
    }

    /// Takes the last code off the terminal: it is worth nothing any more, and until then a secret.
    private func erase() {
        state.withLock { state in
            guard isTerminal else { return }
            if state.hasCountdown { StandardStream.output.write("\r\u{1B}[K") }
            if state.drawn > 0 { StandardStream.output.write("\u{1B}[\(state.drawn)A\u{1B}[J") }
            state = State()
        }
    }

    private static func line(_ pairing: PairingState) -> Line {
        switch pairing {
        case .waiting: Line(state: "waiting")
        case .renewed: Line(state: "renewed")
        case .code(let code, let lasts):
            Line(
                state: "code", qr: code.qrText, pairingCode: code.pairingCode,
                lastsSeconds: Int(lasts.components.seconds))
        case .connected(let number): Line(state: "connected", phoneNumber: number?.text)
        }
    }
}

/// A QR code in half blocks: two modules in each character.
enum QRDrawing {
    /// Readers want it light all around.
    private static let quietZone = 2

    /// - Parameter isColoured: black on white whatever the terminal's colours are; else the light modules are drawn, as
    ///   they look right on a dark ground.
    static func lines(_ symbol: QRSymbol, isColoured: Bool) -> [String] {
        let range = -quietZone..<(symbol.size + quietZone)
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { y in
            let row = range.map { x in
                character(
                    upper: symbol[x, y] == isColoured, lower: isPart(y + 1, range) && symbol[x, y + 1] == isColoured)
            }
            let text = String(row)
            return isColoured ? "\u{1B}[30;107m\(text)\u{1B}[0m" : text
        }
    }

    /// The last character may have no lower half.
    private static func isPart(_ y: Int, _ range: Range<Int>) -> Bool { range.contains(y) }

    private static func character(upper: Bool, lower: Bool) -> Character {
        switch (upper, lower) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
    }
}
