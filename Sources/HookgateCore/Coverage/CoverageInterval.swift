package import FoundationEssentials

/// A stretch of time throughout which a gateway was listening and could have stored whatever came.
package struct CoverageInterval: Sendable, Hashable {
    package let from: Date
    package let until: Date

    package init(from: Date, until: Date) {
        self.from = from
        self.until = until
    }

    package var duration: TimeInterval { until.timeIntervalSince(from) }
}

/// What a gateway found out about itself at one moment.
package struct CoverageBeat: Sendable, Equatable {
    package let at: Date
    /// A connection of our own was accepted and answered, and the spool can be written.
    package let isReady: Bool
    /// Webhooks that got no answer of ours or a 503, since the process began: one more than at the last beat says
    /// that in between something was lost, however well everything looks now.
    package let mishaps: Int

    package init(at instant: Date, isReady: Bool, mishaps: Int) {
        self.at = instant
        self.isReady = isReady
        self.mishaps = mishaps
    }
}
