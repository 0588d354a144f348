import HookgateCore

/// What somebody asked for.
struct RotationRequest: Sendable {
    static let graceHours = 0...2_160
    static let waitMinutes = 0...60
    /// Nobody else's webhooks are switched over meanwhile, so one organization waits for no longer than this.
    static let longestWaitOfOne = Duration.seconds(5 * 60)

    /// How long the token before goes on.
    var grace = Duration.seconds(24 * 3_600)
    /// How long the first event on the new URL is waited for.
    var eventWait = Duration.seconds(5 * 60)
    var isDryRun = false
    var isRehearsal = false
    /// The fingerprint of the token that was current when somebody decided, or ``TokenHolding/noToken``; nil where nobody
    /// said.
    var expected: String?
}

/// A rotation of one integration's token, while it works and after it.
struct RotationReport: Sendable, Codable {
    /// How far Evolution is.
    struct Outcome: Sendable, Codable {
        let word: String
        let meaning: String

        init(_ outcome: SwitchOverOutcome) {
            self.word = outcome.word
            self.meaning = outcome.description
        }
    }

    let integration: IntegrationID
    let title: String
    let isDryRun: Bool
    /// Whether the new URL is set at Evolution, or a person has to do it.
    let isAtEvolution: Bool
    let grace: Duration
    /// The fingerprint of the token before.
    let before: String?
    /// How far Evolution is; nil until then, and where it is not asked.
    var outcome: Outcome?

    mutating func take(_ event: SwitchOverEvent) {
        if case .reached(_, let outcome) = event { self.outcome = Outcome(outcome) }
    }

    var name: String { self.isDryRun ? "The dry run of a rotation" : "The rotation" }

    /// In words, as far as it is.
    var progress: String {
        if let outcome { return "\(self.title): \(outcome.meaning)." }
        if self.isAtEvolution { return "\(self.title) is looked for at Evolution." }
        return self.isDryRun
            ? "\(self.title) would get a new token; Evolution is not asked, since no server is configured."
            : "\(self.title) gets a new token. Set its URL at Evolution: no server is configured here."
    }
}

/// Bounds how many tests are under way at the same time: each holds its request for as long as its probe takes.
final class ProbeGate: Sendable {
    private static let most = 4

    private let underWay = ShareGate(ProbeGate.most)

    func pass<Result>(_ scope: OrganizationID?, _ work: () async throws -> Result) async throws -> Result {
        guard self.underWay.enter(scope) else {
            throw ConsoleError.unavailable("Too many tests are under way already. Try again in some seconds.")
        }
        defer { self.underWay.leave(scope) }
        return try await work()
    }
}
