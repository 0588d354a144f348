/// How many instances a plan, or a run, handles in which way.
package struct PlanCounts: Sendable, Equatable {
    package var inserted = 0
    package var updated = 0
    package var unchanged = 0
    package var ambiguous = 0
    package var conflict = 0
    package var noClinic = 0
    package var excluded = 0

    package init() {}

    package mutating func count(_ action: PlanAction) {
        switch action {
        case .insert: inserted += 1
        case .update: updated += 1
        case .unchanged: unchanged += 1
        case .ambiguous: ambiguous += 1
        case .conflict: conflict += 1
        case .noClinic: noClinic += 1
        case .excluded: excluded += 1
        }
    }

    package var total: Int { written + unchanged + needsDecision + excluded }
    package var written: Int { inserted + updated }
    package var needsDecision: Int { ambiguous + conflict + noClinic }
}
