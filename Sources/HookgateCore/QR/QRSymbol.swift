/// A text as a QR code (ISO/IEC 18004), to be drawn on a terminal or a page: bytes, the lowest error correction, since
/// a screen has no dirt and a smaller code fits more of them.
///
/// ```swift
/// let symbol = QRSymbol("2@…")
/// for y in 0..<symbol.size { for x in 0..<symbol.size { draw(isDark: symbol[x, y]) } }
/// ```
package struct QRSymbol: Sendable, Equatable {
    /// Modules on each side, without the quiet zone around it, which whoever draws it leaves.
    package let size: Int
    private let dark: [Bool]

    /// Nil for a text of more than 2,953 bytes, which no symbol holds.
    package init?(_ text: String) {
        guard let (version, codewords) = QRCodewords.encode(Array(text.utf8)) else { return nil }
        self.init(QRMatrix.best(version: version, codewords: codewords))
    }

    /// With a mask that somebody else has chosen: any of the eight is right.
    init?(_ text: String, mask: Int) {
        guard let (version, codewords) = QRCodewords.encode(Array(text.utf8)) else { return nil }
        self.init(QRMatrix(version: version, codewords: codewords).masked(mask))
    }

    private init(_ matrix: QRMatrix) {
        self.size = matrix.size
        self.dark = matrix.dark
    }

    /// Whether a module is dark; outside of the symbol everything is light.
    package subscript(x: Int, y: Int) -> Bool {
        guard (0..<size).contains(x), (0..<size).contains(y) else { return false }
        return dark[y * size + x]
    }
}

extension QRSymbol: CustomStringConvertible, CustomReflectable {
    /// What it says may be a secret.
    package var description: String { "a QR code of \(size) modules a side" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
