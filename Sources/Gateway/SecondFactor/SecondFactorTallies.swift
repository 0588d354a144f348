import FoundationEssentials
package import HookgateCore
package import Logging
import Synchronization

/// Notes how the webhooks of each integration do, so that a person sees who is ready before a second factor is enforced.
///
/// The path adds to a number in memory; a loop of its own carries the numbers to where they are kept. They are evidence,
/// no account: what was noted in the last seconds of a process may be missing.
package final class SecondFactorTallies: Sendable {
    private static let interval = Duration.seconds(10)
    /// Integrations times outcomes between two turns. More are counted in the metrics alone.
    private static let mostEntries = 50_000

    private struct Key: Hashable {
        let integrationID: IntegrationID
        let outcome: SecondFactorOutcome
    }

    private let tallies = Mutex<[Key: SecondFactorTally]>([:])
    private let time: MonotonicTime
    private let logger: Logger

    package init(time: MonotonicTime = .system, logger: Logger) {
        self.time = time
        self.logger = logger
    }

    func note(_ id: IntegrationID, _ outcome: SecondFactorOutcome, at now: Date) {
        self.merge([
            SecondFactorTally(integrationID: id, outcome: outcome, count: 1, firstSeen: now, lastSeen: now)
        ])
    }

    /// Carries what was noted on at every interval, until its task is cancelled.
    package func run(_ records: any SecondFactorRecords) async {
        var isFailing = false
        while (try? await self.time.sleep(for: Self.interval)) != nil {
            do {
                try await self.flush(to: records)
                isFailing = false
            } catch {
                guard !Task.isCancelled else { return }
                if !isFailing {
                    self.logger.warning(
                        "how second factors do cannot be noted for now", metadata: ["reason": "\(error)"])
                }
                isFailing = true
            }
        }
    }

    /// What cannot be carried on is kept for the next turn.
    func flush(to records: any SecondFactorRecords) async throws {
        let taken = self.tallies.withLock { tallies in
            defer { tallies = [:] }
            return Array(tallies.values)
        }
        guard !taken.isEmpty else { return }
        do {
            try await records.add(taken)
        } catch {
            self.merge(taken)
            throw error
        }
    }

    private func merge(_ added: [SecondFactorTally]) {
        self.tallies.withLock { tallies in
            for tally in added {
                let key = Key(integrationID: tally.integrationID, outcome: tally.outcome)
                guard var known = tallies[key] else {
                    if tallies.count < Self.mostEntries { tallies[key] = tally }
                    continue
                }
                known.count += tally.count
                known.firstSeen = min(known.firstSeen, tally.firstSeen)
                known.lastSeen = max(known.lastSeen, tally.lastSeen)
                tallies[key] = known
            }
        }
    }
}
