import HookgateCore

/// A QR code as a picture in the page: dark on light whatever the page's colours are, with the light margin that readers
/// want.
enum QRPicture {
    private static let margin = 4

    static func html(_ symbol: QRSymbol, _ meaning: String) -> HTML {
        let side = symbol.size + 2 * Self.margin
        return """
            <svg class="qr" viewBox="0 0 \(side) \(side)" role="img" aria-label="\(meaning)" \
            shape-rendering="crispEdges"><rect width="\(side)" height="\(side)" fill="#fff"/>\
            <path fill="#000" d="\(Self.path(symbol))"/></svg>
            """
    }

    /// A rectangle for each run of dark modules.
    private static func path(_ symbol: QRSymbol) -> String {
        var path = ""
        for y in 0..<symbol.size {
            var x = 0
            while x < symbol.size {
                let start = x
                while x < symbol.size, symbol[x, y] { x += 1 }
                if x > start { path += "M\(start + Self.margin) \(y + Self.margin)h\(x - start)v1h-\(x - start)z" }
                x += 1
            }
        }
        return path
    }
}
