import FoundationEssentials
import HookgateCore

/// Asks whether both routes lead a webhook to an integration, with the code that the gateway resolves with.
struct RouteComparison {
    let routing: any RoutingSource
    let now: Date

    func findings(for row: IntegrationRow, named name: InstanceName) async throws -> [Finding] {
        var findings: [Finding] = []
        if let fault = fault(in: try await resolution(of: .instance(name)), for: row) {
            findings.append(.instanceRoute(fault))
        }
        if case .present(let digest) = row.token,
            let fault = fault(in: try await resolution(of: .token(digest)), for: row)
        {
            findings.append(.tokenRoute(fault))
        }
        return findings
    }

    private func resolution(of key: RoutingKey) async throws -> Resolution {
        Resolution(try await routing.fact(for: key), at: now)
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
