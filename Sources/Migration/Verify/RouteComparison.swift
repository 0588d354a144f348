import FoundationEssentials
import HookgateCore

/// Says whether both routes lead a webhook to an integration, from what the source of truth answered for them and
/// with the code that the gateway resolves with. Pure.
struct RouteComparison {
    private let facts: [RoutingKey: RoutingFact]
    private let now: Date

    init(facts: [RoutingKey: RoutingFact], now: Date) {
        self.facts = facts
        self.now = now
    }

    /// What must be asked of one integration.
    static func keys(of row: IntegrationRow, named name: InstanceName) -> [RoutingKey] {
        if case .present(let digest) = row.token { [.instance(name), .token(digest)] } else { [.instance(name)] }
    }

    func findings(for row: IntegrationRow, named name: InstanceName) -> [Finding] {
        Self.keys(of: row, named: name).compactMap { key in
            fault(in: resolution(of: key), for: row).map { fault in
                switch key {
                case .instance: .instanceRoute(fault)
                case .token: .tokenRoute(fault)
                }
            }
        }
    }

    /// Without an answer nobody can say, as in the gateway.
    private func resolution(of key: RoutingKey) -> Resolution {
        facts[key].map { Resolution($0, at: now) } ?? .undecided
    }

    /// Holding an event back, say while the integration is disabled, is no fault: it is the right one that holds it.
    private func fault(in resolution: Resolution, for row: IntegrationRow) -> RouteFault? {
        switch resolution {
        case .deliverable(let entry), .held(let entry?, _):
            if entry.integrationID != row.id { return .leadsTo(entry.integrationID) }
            return entry.clinicID == row.clinicID ? nil : .leadsToClinic(entry.clinicID)
        case .held(nil, .duplicateInstance): return .isDuplicate
        case .held(nil, _), .revoked, .unknown, .undecided: return .leadsNowhere
        }
    }
}
