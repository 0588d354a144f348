import Synchronization

/// A number that only grows, counted from any thread without a lock.
package final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int = 1) {
        self.value.add(amount, ordering: .relaxed)
    }

    package var count: Int { self.value.load(ordering: .relaxed) }
}

/// A closed set of values for a metric's label.
package protocol MetricLabel: CaseIterable, RawRepresentable, Sendable where RawValue == Int {
    var label: String { get }
}

/// One counter per value of a closed set.
package final class CounterFamily<Label: MetricLabel>: Sendable {
    private let counters: [Counter]

    package init() {
        self.counters = Label.allCases.map { _ in Counter() }
    }

    package subscript(_ label: Label) -> Counter { self.counters[label.rawValue] }
}

/// How long things took, in buckets whose bounds fit answers between a tenth of a millisecond and seconds.
package final class DurationHistogram: Sendable {
    private static let bounds: [Int64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000,
    ]

    private let buckets: [Counter] = (0...DurationHistogram.bounds.count).map { _ in Counter() }
    private let nanoseconds = Counter()

    package init() {}

    package func record(nanoseconds: Int64) {
        let index = Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
        self.buckets[index].add()
        self.nanoseconds.add(Int(nanoseconds))
    }

    /// Upper bounds in seconds with the cumulative counts, the last one without a bound.
    package var cumulative: [(upTo: Double?, count: Int)] {
        var total = 0
        return self.buckets.enumerated().map { index, bucket in
            total += bucket.count
            return (index < Self.bounds.count ? Double(Self.bounds[index]) / 1e9 : nil, total)
        }
    }

    package var sumSeconds: Double { Double(self.nanoseconds.count) / 1e9 }
}
