import FoundationEssentials
import HookgateCore

/// What this worker has done since its process began.
struct DeliveryCounts {
    /// Upper bounds in seconds of the time from acceptance to delivery.
    static let delayBounds: [Double] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600]

    private(set) var delivered: UInt64 = 0
    private(set) var orphans: UInt64 = 0
    private(set) var replays: UInt64 = 0
    /// By the word of the result.
    private(set) var failedAttempts: [String: UInt64] = [:]
    private(set) var retried: UInt64 = 0
    private(set) var filtered: [FilterReason: UInt64] = [:]
    private(set) var parked: [ParkReason: UInt64] = [:]
    /// One more than there are bounds; not accumulated.
    private(set) var delays = [UInt64](repeating: 0, count: delayBounds.count + 1)
    private(set) var delaySum = 0.0
    var queueFailures: UInt64 = 0
    private var newlyParked: UInt64 = 0

    mutating func count(_ outcome: DeliveryOutcome, at now: Date) {
        if let result = outcome.attempt?.result, !result.isDelivered { failedAttempts[result.word, default: 0] += 1 }
        switch outcome.verdict {
        case .delivered: countDelivery(outcome, at: now)
        case .filtered(let reason): filtered[reason, default: 0] += 1
        case .parked(let reason):
            parked[reason, default: 0] += 1
            newlyParked += 1
        case .retry: retried += 1
        case .waitForMessage, .rest, .dropped: break
        }
    }

    private mutating func countDelivery(_ outcome: DeliveryOutcome, at now: Date) {
        delivered += 1
        if outcome.attempt?.isOrphan == true { orphans += 1 }
        guard let event = outcome.event else { return }
        // What a person asked for again says nothing of how quick we are.
        if event.isReplay { return replays += 1 }
        let delay = max(0, now.timeIntervalSince(event.receivedAt))
        delays[Self.delayBounds.firstIndex { delay <= $0 } ?? Self.delayBounds.count] += 1
        delaySum += delay
    }

    mutating func takeNewlyParked() -> UInt64 {
        defer { newlyParked = 0 }
        return newlyParked
    }
}
