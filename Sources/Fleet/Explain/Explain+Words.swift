import FoundationEssentials
import HookgateCore

extension Explain {
    static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    static func byEvents(_ suffix: String?) -> String {
        suffix.map { ", in a by-events URL (\($0))" } ?? ""
    }

    static func words(_ fact: RoutingFact) -> String {
        switch fact {
        case .token(_, .current): "the present token of an integration"
        case .token(_, .grace(let end)): "rotated out, with grace until \(time(end))"
        case .token(_, .revoked): "revoked; its integration is there"
        case .revokedToken: "revoked; its integration is gone"
        case .instance: "the instance of one integration"
        case .duplicateInstance: "several integrations have it"
        case .legacyInstance: "no integration has it, a legacy table does"
        case .nothing: "neither an integration nor a legacy row has it"
        }
    }

    static func words(_ history: TokenHistory) -> String {
        let standing =
            switch history.standing {
            case .current: "current"
            case .grace(let end): "in grace until \(time(end))"
            case .revoked: "revoked"
            }
        let holder = history.integrationID.map { "integration \($0)" } ?? "no single integration"
        return [
            standing, holder, history.instanceName.map { "instance \($0)" }, "first seen \(time(history.createdAt))",
            "changed \(time(history.changedAt))", "revision \(history.revision)",
        ].compactMap { $0 }.joined(separator: ", ")
    }

    static func words(_ mentions: [LegacyMention]) -> String {
        if mentions.isEmpty { return "none is there that could name instances" }
        return mentions.map { mention in
            switch mention.rows {
            case nil: "\(mention.table) may not be read by this role"
            case 0: "\(mention.table) has it not"
            case let rows?: "\(mention.table) has it in \(rows) rows"
            }
        }.joined(separator: "; ")
    }

    static func remedy(_ resolution: Resolution) -> String? {
        switch resolution {
        case .deliverable: nil
        case .held(_, let reason): reason.remedy
        case .revoked: "Set the integration's present URL at Evolution: hookgate tokens --verbose"
        case .unknown: "Compare it with: hookgate tokens, hookgate check. Is it the right database?"
        case .undecided: "Mend what keeps the database from answering; see /health/ready of the gateway."
        }
    }
}
