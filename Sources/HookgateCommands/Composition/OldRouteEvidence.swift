import Fleet
import FoundationEssentials
import HookgateCore

/// The doctor's evidence with one more source: a probe on an old URL, where somebody asks for it.
struct OldRouteEvidence: DoctorEvidenceSource {
    let database: any DoctorEvidenceSource
    let probe: Probe
    /// Where old URLs lead.
    let base: PublicURL

    func collect(
        _ checks: [DoctorCheck], limit: Int, now: Date,
        observe: (DoctorCheck, DoctorEvidence) async throws -> Void
    ) async throws {
        try await database.collect(checks.filter { $0 != .oldRouteArrives }, limit: limit, now: now, observe: observe)
        if checks.contains(.oldRouteArrives) { try await observe(.oldRouteArrives, try await arrival()) }
    }

    private func arrival() async throws -> DoctorEvidence {
        do {
            guard try await probe.runOldRoute(at: base, nonce: Nonce.make()) != nil else {
                return .absent("no integration would take an event now")
            }
            return .found(.none)
        } catch let failure as ProbeFailure {
            let item = DoctorItem(subject: base.text, facts: [.init("probe", failure.words)])
            return .found(DoctorSample(total: 1, items: [item]))
        }
    }
}
