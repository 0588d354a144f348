package import FoundationEssentials

/// The one clock that decisions read. Tests and the rehearsal's scaled clock put another in its place; SQL's
/// `now()` is never asked.
package struct TimeSource: Sendable {
    private let read: @Sendable () -> Date

    package init(_ read: @escaping @Sendable () -> Date) {
        self.read = read
    }

    package var now: Date { read() }

    package static let system = TimeSource { Date() }
}
