/// How long things took, counted in buckets from any thread without a lock.
package final class DurationHistogram: Sendable {
    /// Bounds for answers and for single calls of a disk: between a tenth of a millisecond and seconds.
    package static let quick: [Duration] = [
        .microseconds(100), .microseconds(250), .microseconds(500), .milliseconds(1), .microseconds(2_500),
        .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50), .milliseconds(100),
        .milliseconds(250), .milliseconds(500), .seconds(1), .milliseconds(2_500), .seconds(5),
    ]

    /// Bounds for what may wait through an outage: between a hundredth of a second and a day.
    package static let slow: [Duration] = [
        .milliseconds(10), .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
        .seconds(5), .seconds(15), .seconds(60), .seconds(300), .seconds(900), .seconds(3_600), .seconds(21_600),
        .seconds(86_400),
    ]

    private let bounds: [Int64]
    private let labels: [String]
    private let buckets: [Counter]
    /// Apart, so that no sum of waits through an outage is too large for a number.
    private let seconds = Counter()
    private let nanoseconds = Counter()

    package init(_ bounds: [Duration] = quick) {
        self.bounds = bounds.map(\.wholeNanoseconds)
        self.labels = self.bounds.map { "\(Double($0) / 1e9)" } + ["+Inf"]
        self.buckets = self.labels.map { _ in Counter() }
    }

    package func record(nanoseconds: Int64) {
        let index = bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count
        buckets[index].add()
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.seconds.add(Int(seconds))
        self.nanoseconds.add(Int(rest))
    }

    package func record(_ duration: Duration) {
        record(nanoseconds: duration.wholeNanoseconds)
    }

    /// The lines of this histogram on `/metrics`.
    package func samples(_ family: String, help: String, labels: [MetricSample.Label] = []) -> [MetricSample] {
        var count = 0
        var samples = zip(self.labels, buckets).map { bound, bucket in
            count += bucket.count
            return MetricSample(
                family, .histogram, help: help, suffix: "_bucket", labels: labels + [.init("le", bound)],
                value: Double(count))
        }
        let sum = Double(seconds.count) + Double(nanoseconds.count) / 1e9
        samples.append(MetricSample(family, .histogram, help: help, suffix: "_sum", labels: labels, value: sum))
        samples.append(
            MetricSample(family, .histogram, help: help, suffix: "_count", labels: labels, value: Double(count)))
        return samples
    }
}

extension Duration {
    /// What is longer than three centuries counts as that.
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflows else { return seconds < 0 ? .min : .max }
        return product &+ attoseconds / 1_000_000_000
    }
}
