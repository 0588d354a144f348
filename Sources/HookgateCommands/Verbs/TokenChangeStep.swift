import Fleet
import FoundationEssentials
import HookgateCore
import Store

/// From what was asked to what was done: decide, show, ask, write, say what comes next.
struct TokenChangeStep {
    let kind: TokenChangePrinter.Kind
    let options: TokensCommand.ChangeOptions

    func run(
        deciding decide: (TokenKeeper, Date, [UInt8]) async throws -> TokenKeeper.Plan,
        complaining explain: (TokenKeeperError) -> CommandFailure
    ) async throws -> ExitStatus {
        let configuration = try options.global.configuration()
        return try await Database.use(configuration) { database in
            let keeper = TokenKeeper(ledger: database.tokens)
            let clock = TimeSource.system
            do {
                let plan = try await decide(keeper, clock.now, Self.randomBytes())
                let printer = TokenChangePrinter(
                    kind: kind, plan: plan, publicURL: configuration.publicURL,
                    isURLStated: configuration.statedPublicURL != nil, isRevealed: options.reveal,
                    isJSON: options.global.json)
                printer.announce()
                if options.dryRun {
                    try printer.finish(.dryRun)
                    return .done
                }
                guard options.yes || Confirmation.ask("Do it?") else {
                    try printer.finish(.declined)
                    return .attention
                }
                try await keeper.carryOut(plan, base: configuration.statedPublicURL, at: clock.now)
                try printer.finish(.done)
                return .done
            } catch let error as TokenKeeperError {
                throw explain(error)
            }
        }
    }

    /// Each with its remedy.
    static func explain(_ error: TokenKeeperError, subject: String) -> CommandFailure {
        switch error {
        case .unknown where WebhookToken.isLikely(subject):
            return CommandFailure(
                "That is a token, or looks like one, and would stand in the shell's history now. Give the instance's name; "
                    + "`tokens revoke` also takes the token's fingerprint, \(TokenDigest(of: subject).fingerprint). "
                    + "All names: hookgate tokens")
        case .unknown(let names):
            let nearest = Nearest.match(for: subject, among: names.map(\.text))
            let suggestion = nearest.map { " Did you mean '\($0)'?" } ?? ""
            return CommandFailure(
                "No integration has the instance name '\(subject)', matched letter by letter.\(suggestion) "
                    + "All of them: hookgate tokens")
        case .ambiguousName(let ids):
            return CommandFailure(
                "\(ids.count) integrations have the instance name '\(subject)'. Name one by its id: "
                    + ids.map(\.text).joined(separator: ", "), status: .attention)
        case .ambiguousFingerprint:
            return CommandFailure(
                "Several tokens have the fingerprint \(subject). Revoke by the instance's name.", status: .attention)
        case .alreadyRevoked(let fingerprint):
            return CommandFailure("The token \(fingerprint) is revoked already.", status: .attention)
        case .changedMeanwhile:
            return CommandFailure(
                "Somebody else has changed this token meanwhile; nothing was written. Look again: hookgate tokens",
                status: .attention)
        }
    }

    private static func randomBytes() -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<WebhookToken.randomByteCount).map { _ in UInt8.random(in: 0...255, using: &system) }
    }
}

/// Times as people write them.
enum DurationText {
    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

    /// `30m`, `24h`, `7d`, `90s`, or `0`; nil for anything else.
    static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        guard let unit = text.last.flatMap({ self.units[$0] }), text.count <= 9,
            text.dropLast().allSatisfy({ ("0"..."9").contains($0) }), let number = Int64(text.dropLast())
        else { return nil }
        return .seconds(number * unit)
    }
}
