import FoundationEssentials
import HookgateCore

/// The parts that pages are made of. Each looks the same everywhere, and is readable without the stylesheet.

/// A heading with what belongs beside it.
enum PageTitle {
    static func html(_ title: String, _ explanation: HTML = .nothing, actions: HTML = .nothing) -> HTML {
        """
        <div class="title"><div><h1>\(title)</h1>\
        \(explanation == .nothing ? HTML.nothing : "<p class=\"lead\">\(explanation)</p>")</div>
        <div class="actions">\(actions)</div></div>
        """
    }
}

/// A panel with a heading.
enum Card {
    static func html(_ title: String, aside: HTML = .nothing, _ content: HTML) -> HTML {
        """
        <section class="card"><header><h2>\(title)</h2>\(aside)</header>
        \(content)</section>
        """
    }
}

/// A number that people look for, with its name.
enum Figure {
    static func html(_ name: String, _ value: HTML, note: HTML = .nothing, tone: Tone = .plain) -> HTML {
        """
        <div class="figure \(tone.rawValue)"><dt>\(name)</dt><dd>\(value)</dd>\
        \(note == .nothing ? HTML.nothing : "<dd class=\"note\">\(note)</dd>")</div>
        """
    }

    /// Several of them.
    static func row(_ figures: [HTML]) -> HTML { "<dl class=\"figures\">\(figures)</dl>" }
}

/// What a colour says. It is never said by the colour alone.
enum Tone: String {
    case plain
    case good
    case notice
    case bad
}

/// A state in one word.
enum Badge {
    static func html(_ word: String, _ tone: Tone = .plain) -> HTML {
        "<span class=\"badge \(tone.rawValue)\">\(word)</span>"
    }

    static func html(_ state: EventState) -> HTML {
        let tone: Tone =
            switch state {
            case .delivered: .good
            case .pending, .probe, .filtered: .plain
            case .quarantined, .expired: .notice
            case .parked, .discarded: .bad
            }
        return Self.html(state.rawValue, tone)
    }

    static func html(_ route: HookgateCore.Route) -> HTML {
        Self.html(route == .token ? "token" : "legacy", route == .token ? .good : .notice)
    }
}

/// Rows and columns. A table that is wider than the screen scrolls by itself.
enum DataTable {
    /// One column: its heading, and whether its cells are numbers.
    struct Column {
        let title: String
        var isNumber = false

        init(_ title: String, isNumber: Bool = false) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    static func html(_ caption: String, _ columns: [Column], rows: [[HTML]], empty: HTML) -> HTML {
        guard !rows.isEmpty else { return empty }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table>
            <caption class="unseen">\(caption)</caption>
            <thead><tr>\(columns.html { "<th scope=\"col\"\(numeric($0))>\($0.title)</th>" })</tr></thead>
            <tbody>
            \(rows.html { row in
                "<tr>\(zip(columns, row).html { "<td\(numeric($0))>\($1)</td>" })</tr>\n" })
            </tbody></table></div>
            """
    }

    private static func numeric(_ column: Column) -> HTML { column.isNumber ? " class=\"number\"" : .nothing }
}

/// Names and values, one below the other.
enum Facts {
    static func html(_ facts: [(name: String, value: HTML?)]) -> HTML {
        "<dl class=\"facts\">\(facts.html { fact in fact.value.html { "<dt>\(fact.name)</dt><dd>\($0)</dd>" } })</dl>"
    }
}

/// What is shown in place of a list with nothing in it.
enum EmptyState {
    static func html(_ title: String, _ advice: HTML = .nothing) -> HTML {
        "<div class=\"empty\"><p>\(title)</p><p class=\"note\">\(advice)</p></div>"
    }
}

/// A sentence that must not be overlooked.
enum Notice {
    static func html(_ content: HTML, _ tone: Tone = .notice) -> HTML {
        "<p class=\"notice \(tone.rawValue)\" role=\"status\">\(content)</p>"
    }
}

/// An instant: exact for machines and on hovering, as long ago for people.
enum Moment {
    static func html(_ instant: Date, now: Date) -> HTML {
        let exact = instant.formatted(.iso8601)
        return "<time datetime=\"\(exact)\" title=\"\(exact)\">\(Self.words(now.timeIntervalSince(instant)))</time>"
    }

    static func exact(_ instant: Date) -> HTML {
        let text = instant.formatted(.iso8601)
        return "<time datetime=\"\(text)\">\(text)</time>"
    }

    static func words(_ seconds: TimeInterval) -> String {
        switch seconds {
        case ..<(-1): "in \(Self.length(-seconds))"
        case ..<2: "now"
        default: "\(Self.length(seconds)) ago"
        }
    }

    /// `42 s`, `5 min`, `3 h`, `12 d`.
    static func length(_ seconds: TimeInterval) -> String {
        switch seconds {
        case ..<100: "\(Int(seconds.rounded())) s"
        case ..<6_000: "\(Int((seconds / 60).rounded())) min"
        case ..<172_800: "\(Int((seconds / 3_600).rounded())) h"
        default: "\(Int((seconds / 86_400).rounded())) d"
        }
    }
}

/// Numbers for people: `12,345`.
enum Count {
    static func text(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return number < 0 ? "-" + result : result
    }

    /// `1.2 MiB`.
    static func bytes(_ number: Int) -> String {
        switch number {
        case ..<1_024: return "\(number) B"
        case ..<1_048_576: return "\(Self.tenths(number, 1_024)) KiB"
        case ..<1_073_741_824: return "\(Self.tenths(number, 1_048_576)) MiB"
        default: return "\(Self.tenths(number, 1_073_741_824)) GiB"
        }
    }

    private static func tenths(_ number: Int, _ unit: Int) -> String {
        let tenths = number * 10 / unit
        return "\(tenths / 10).\(tenths % 10)"
    }
}
