import HookgateCore

/// Markup. A text that is put into it is escaped; only other markup goes in as it is:
///
///     let cell: HTML = "<td title=\"\(instance.name)\">\(badge)</td>"
///
/// So there is no way to put what somebody typed into a page as markup by forgetting something. Marks that turn the
/// direction of writing are shown by their numbers: whoever fills in a form or posts a webhook chooses such texts.
struct HTML: Sendable, Equatable {
    private(set) var text: String

    static let nothing = HTML(markup: "")

    fileprivate init(markup: String) {
        self.text = markup
    }

    /// A text of several lines, for `<pre>`.
    static func lines(_ plain: String) -> HTML {
        var text = ""
        Self.escape(plain.printableLines, into: &text)
        return HTML(markup: text)
    }

    static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.text + right.text) }

    static func += (left: inout HTML, right: HTML) { left.text += right.text }
}

extension HTML: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self.init(markup: value) }

    init(stringInterpolation: StringInterpolation) { self.init(markup: stringInterpolation.text) }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text: String

        init(literalCapacity: Int, interpolationCount: Int) {
            self.text = ""
            self.text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { self.text += literal }

        mutating func appendInterpolation(_ html: HTML) { self.text += html.text }

        mutating func appendInterpolation(_ parts: [HTML]) {
            for part in parts { self.text += part.text }
        }

        mutating func appendInterpolation(_ number: Int) { self.text += String(number) }

        /// Disfavoured, so that a literal of ours that stands in here is markup and not a text.
        @_disfavoredOverload
        mutating func appendInterpolation(_ plain: String) { HTML.escape(plain.printable, into: &self.text) }
    }

    fileprivate static func escape(_ plain: String, into text: inout String) {
        for scalar in plain.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Sequence {
    /// Markup for each element, one after the other.
    func html(_ element: (Element) -> HTML) -> HTML {
        var result = HTML.nothing
        for item in self { result += element(item) }
        return result
    }
}

extension Optional {
    /// Markup for what is there; nothing for what is not.
    func html(_ some: (Wrapped) -> HTML) -> HTML { self.map(some) ?? .nothing }
}
