/// What a person decided where the evidence does not, or should not, decide.
package struct MigrationDecisions: Sendable, Equatable {
    package static let none = MigrationDecisions()

    /// The clinic of an instance. Counts only within the organization of the instance's legacy row.
    package var clinics: [InstanceName: ClinicID]
    /// Instances to leave out, with the reason.
    package var excluded: [InstanceName: String]

    package init(clinics: [InstanceName: ClinicID] = [:], excluded: [InstanceName: String] = [:]) {
        self.clinics = clinics
        self.excluded = excluded
    }
}
