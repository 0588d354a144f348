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
