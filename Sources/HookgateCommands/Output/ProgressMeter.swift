/// How far a piece of work is, how quick, and how long it will take. Pure: the time is given.
struct ProgressMeter: Sendable {
    private static let barWidth = 16
    /// Before that a rate says nothing.
    private static let warmUp: Duration = .milliseconds(500)

    let label: String
    let total: Int
    let startedAt: ContinuousClock.Instant
    var done = 0

    init(_ label: String, total: Int, startedAt: ContinuousClock.Instant) {
        self.label = label
        self.total = total
        self.startedAt = startedAt
    }

    /// `Migrating 45 % (4,500 of 10,000), 1,200/s, 5 s left`
    func text(at now: ContinuousClock.Instant) -> String {
        "\(label) \(percent) % (\(Self.grouped(done)) of \(Self.grouped(total)))\(pace(at: now))"
    }

    /// The same with a bar before it.
    func bar(at now: ContinuousClock.Instant) -> String {
        let filled = total > 0 ? min(Self.barWidth, done * Self.barWidth / total) : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
        return "[\(bar)] \(text(at: now))"
    }

    var percent: Int { total > 0 ? min(100, done * 100 / total) : 0 }

    private func pace(at now: ContinuousClock.Instant) -> String {
        let elapsed = startedAt.duration(to: now)
        guard elapsed >= Self.warmUp, done > 0 else { return "" }
        let perSecond = Double(done) / (elapsed / .seconds(1))
        let left = Int((Double(max(0, total - done)) / perSecond).rounded(.up))
        return ", \(Self.grouped(Int(perSecond.rounded())))/s, \(Self.time(left)) left"
    }

    private static func time(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        }
    }

    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var end = digits.count - 3
        while end > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
            end -= 3
        }
        return digits
    }
}
