/// What a spool refuses as its disk fills up, from what can best be done without to everything. PostgreSQL may live on
/// the same disk, and is stopped by a full one.
package struct DiskWatermarks: Sendable, Equatable {
    /// How far it has come.
    package enum Level: Int, Sendable, Comparable, CaseIterable {
        case fine
        /// A person is told. Events that nobody can decide are refused: strangers must not take the last room.
        case alarm
        /// Long bodies and held events are refused as well: what a clinic waits for comes in short bodies.
        case scarce
        /// Everything is refused.
        case full

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// Shares of the disk that are used, from 0 to 1.
    package var alarm = 0.80
    package var scarce = 0.90
    package var full = 0.95

    package init() {}

    package func level(usedShare share: Double) -> Level {
        if share > full { return .full }
        if share > scarce { return .scarce }
        return share > alarm ? .alarm : .fine
    }
}

extension DiskWatermarks.Level {
    func refuses(_ append: WaitingAppend) -> Bool {
        switch self {
        case .fine: false
        case .alarm: append.isUndecided
        case .scarce: append.isUndecided || append.isHeld || append.bodyFile != nil
        case .full: true
        }
    }
}
