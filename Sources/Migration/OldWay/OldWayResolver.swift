import HookgateCore

/// Resolves an instance as the old system's tables would have it: instance, organization, clinic, by the evidence that
/// the plan goes by. What `healthcare.integrations` says takes no part: it is what is compared with. Pure.
struct OldWayResolver {
    private let answers: [InstanceName: OldWayAnswer]

    init(_ page: InventoryPage) {
        let legacyAlone = InventoryPage(instances: page.instances, directory: page.directory)
        let planned = MigrationPlanner().plan(legacyAlone)
        self.answers = Dictionary(planned.map { ($0.name, Self.answer($0.action)) }) { first, _ in first }
    }

    func answer(for name: InstanceName) -> OldWayAnswer {
        answers[name] ?? .undecided("no legacy table names it")
    }

    private static func answer(_ action: PlanAction) -> OldWayAnswer {
        guard let draft = action.draft else { return .undecided(action.obstacle ?? action.word) }
        return .owner(draft.organizationID, draft.clinicID)
    }
}
