import FoundationEssentials
import HookgateCore

/// Prints the accounts of gateways.
struct BalancePrinter {
    private struct Account: Encodable {
        let gatewayID: String
        let accepted: UInt64
        let spooled: UInt64
        let shipped: UInt64
        let lost: UInt64
        let states: [String: UInt64]
        let duplicates: UInt64
        let retired: UInt64
        let difference: Int64
        let notedAt: String
    }

    private struct Document: Encodable {
        let balanced: Bool
        let gateways: [Account]
    }

    let isJSON: Bool

    func print(_ accounts: [GatewayBalance]) throws {
        if isJSON {
            return try JSONOutput.print(
                Document(balanced: accounts.allSatisfy { $0.difference == 0 }, gateways: accounts.map(Self.account)))
        }
        let output = StandardStream.output
        guard !accounts.isEmpty else { return output.line("No gateway has brought anything to this database yet.") }
        for account in accounts {
            output.line("Gateway \(account.gatewayID.uuidString.lowercased()), as of \(Self.time(account.notedAt))")
            output.line("   accepted \(account.accepted) = in its spool \(account.spooled) + \(Self.inbox(account))")
            output.line(Self.verdict(account))
        }
    }

    private static func inbox(_ account: GatewayBalance) -> String {
        let states = EventState.allCases.compactMap { state in
            account.states[state].map { "\(state.rawValue) \($0)" }
        }
        let rest = [
            account.duplicates > 0 ? "not stored again \(account.duplicates)" : nil,
            account.retired > 0 ? "kept no longer \(account.retired)" : nil,
            account.lost > 0 ? "damaged in the spool \(account.lost)" : nil,
        ]
        let parts = states + rest.compactMap(\.self)
        return parts.isEmpty ? "nothing" : parts.joined(separator: " + ")
    }

    private static func verdict(_ account: GatewayBalance) -> String {
        switch account.difference {
        case 0: "   ✅ it adds up"
        case 1...: "   ❌ \(account.difference) events that it brought to the inbox are nowhere"
        default: "   ❌ the inbox holds \(-account.difference) events of it that it never accepted"
        }
    }

    private static func account(_ account: GatewayBalance) -> Account {
        Account(
            gatewayID: account.gatewayID.uuidString.lowercased(), accepted: account.accepted,
            spooled: account.spooled, shipped: account.shipped, lost: account.lost,
            states: Dictionary(uniqueKeysWithValues: account.states.map { ($0.key.rawValue, $0.value) }),
            duplicates: account.duplicates, retired: account.retired, difference: account.difference,
            notedAt: time(account.notedAt))
    }

    private static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
