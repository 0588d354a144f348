import FoundationEssentials
import HookgateCore

/// Webhooks per minute on both routes. The line of the legacy route going to zero is what everybody waits for.
enum TrafficChart {
    private static let width = 720
    private static let height = 200
    private static let margin = (left: 44, right: 8, top: 10, bottom: 22)

    static func legend(_ traffic: [TrafficMinute]) -> HTML {
        // The last minute is not over: the one before says how much comes.
        let last = traffic.dropLast().last
        return """
            <ul class="legend"><li class="token">token <b>\(Count.text(last?.token ?? 0))</b></li>\
            <li class="legacy">legacy <b>\(Count.text(last?.instance ?? 0))</b></li></ul>
            """
    }

    static func html(_ traffic: [TrafficMinute]) -> HTML {
        let top = Self.ceiling(traffic.map { max($0.token, $0.instance) }.max() ?? 0)
        let total = traffic.reduce(into: (token: 0, instance: 0)) { sum, minute in
            sum.token += minute.token
            sum.instance += minute.instance
        }
        return """
            <svg class="chart" viewBox="0 0 \(width) \(height)" role="img" \
            aria-label="In the last \(traffic.count) minutes \(total.token) webhooks came on token URLs and \
            \(total.instance) on legacy URLs.">
            \([0, 1, 2, 3, 4].html { line(at: top * $0 / 4, of: top) })
            \(hours(traffic))
            \(series(traffic.map(\.instance), of: top, "legacy"))
            \(series(traffic.map(\.token), of: top, "token"))
            </svg>
            """
    }

    private static func line(at value: Int, of top: Int) -> HTML {
        let y = Self.y(value, of: top)
        return """
            <line class="grid" x1="\(margin.left)" x2="\(width - margin.right)" y1="\(y)" y2="\(y)"/>\
            <text class="axis end" x="\(margin.left - 6)" y="\(y + 4)">\(Count.text(value))</text>
            """
    }

    private static func hours(_ traffic: [TrafficMinute]) -> HTML {
        traffic.enumerated().filter { $0.offset.isMultiple(of: 15) }.html { offset, minute in
            let text = minute.minute.formatted(.iso8601).dropFirst(11).prefix(5)
            return
                "<text class=\"axis\" x=\"\(x(offset, of: traffic.count))\" y=\"\(height - 6)\">\(String(text))</text>"
        }
    }

    private static func series(_ values: [Int], of top: Int, _ name: String) -> HTML {
        guard values.count > 1 else { return .nothing }
        let points = values.enumerated().map { "\(x($0.offset, of: values.count)),\(y($0.element, of: top))" }
        let (first, last) = (x(0, of: values.count), x(values.count - 1, of: values.count))
        let floor = y(0, of: top)
        let line = points.joined(separator: " ")
        return """
            <polygon class="area \(name)" points="\(first),\(floor) \(line) \(last),\(floor)"/>\
            <polyline class="line \(name)" points="\(line)"/>
            """
    }

    private static func x(_ index: Int, of count: Int) -> Int {
        margin.left + (width - margin.left - margin.right) * index / max(1, count - 1)
    }

    private static func y(_ value: Int, of top: Int) -> Int {
        height - margin.bottom - (height - margin.top - margin.bottom) * value / max(1, top)
    }

    /// The next of 4, 8, 12, 16, 20, 24, 32, 40, 80, …: a quarter of each is a whole number.
    static func ceiling(_ value: Int) -> Int {
        var unit = 4
        while true {
            for factor in [1, 2, 3, 4, 5, 6, 8] where unit * factor >= value { return unit * factor }
            guard unit < Int.max / 50 else { return value }
            unit *= 10
        }
    }
}

/// Steps that each are a part of the one before, as bars.
enum Funnel {
    struct Step {
        let name: String
        let count: Int

        init(_ name: String, _ count: Int) {
            self.name = name
            self.count = count
        }
    }

    static func html(_ steps: [Step]) -> HTML {
        let whole = max(1, steps.map(\.count).max() ?? 0)
        return """
            <ol class="funnel">\(steps.html { step in
                """
                <li><span>\(step.name)</span>\
                <meter min="0" max="\(whole)" value="\(step.count)">\(step.count) of \(whole)</meter>\
                <b>\(Count.text(step.count))</b></li>
                """ })</ol>
            """
    }
}
