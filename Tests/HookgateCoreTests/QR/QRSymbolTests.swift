import FoundationEssentials
import HookgateTestSupport
import Testing

@testable import HookgateCore

struct QRSymbolTests {
    /// As WhatsApp's are: letters, digits and a few signs.
    private static func text(_ count: Int) -> String {
        let letters = Array("2@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=,")
        return String((0..<count).map { letters[($0 * 31 + $0 / 7 + count) % letters.count] })
    }

    private struct Line: Encodable {
        let text: String
        let mask: Int?
        let size: Int
        let modules: String
    }

    private struct Drawn {
        let text: String
        let mask: Int?
        let symbol: QRSymbol
    }

    private static func judged(_ drawn: [Drawn]) async throws -> [String] {
        let lines = try drawn.map { one in
            let symbol = one.symbol
            let modules = (0..<symbol.size).flatMap { y in (0..<symbol.size).map { x in symbol[x, y] ? "1" : "0" } }
            let line = Line(text: one.text, mask: one.mask, size: symbol.size, modules: modules.joined())
            return String(decoding: try JSONEncoder().encode(line), as: UTF8.self)
        }
        let printed = try await PythonTools.run("read_qr.py", input: lines.joined(separator: "\n") + "\n")
        return printed.split(separator: "\n").map(String.init)
    }

    /// The most bytes that fit into some versions, so that each kind of blocks is met: one more takes the next version.
    @Test(.timeLimit(.minutes(3)))
    func aReaderThatIsNotOursReadsEverySize() async throws {
        let counts = [
            1, 17, 18, 53, 78, 106, 134, 154, 192, 230, 237, 271, 321, 367, 425, 458, 520, 586, 718, 1_091, 2_953,
        ]
        let symbols = try counts.map { count in
            let text = Self.text(count)
            return Drawn(text: text, mask: nil, symbol: try #require(QRSymbol(text)))
        }
        #expect(symbols.first?.symbol.size == 21)
        #expect(symbols.last?.symbol.size == 177)
        let verdicts = try await Self.judged(symbols)
        #expect(verdicts == counts.map { _ in "read=ok drawn=unasked" })
    }

    /// Of texts that fill a symbol: where there is room left, that maker pads it in a way of its own.
    @Test(.timeLimit(.minutes(3)))
    func anotherMakerDrawsTheSameModulesUnderEveryMask() async throws {
        let symbols = try [17, 106, 230, 271, 718].flatMap { count in
            try (0..<8).map { mask in
                let text = Self.text(count)
                return Drawn(text: text, mask: mask, symbol: try #require(QRSymbol(text, mask: mask)))
            }
        }
        let verdicts = try await Self.judged(symbols)
        #expect(verdicts == symbols.map { _ in "read=ok drawn=same" })
    }

    @Test func whatNoSymbolHoldsIsRefused() {
        #expect(QRSymbol(Self.text(2_954)) == nil)
        #expect(QRSymbol("") != nil)
    }

    @Test func printingASymbolPrintsNothingOfIt() throws {
        let symbol = try #require(QRSymbol("2@secret"))
        #expect("\(symbol)" == "a QR code of 21 modules a side")
    }
}
