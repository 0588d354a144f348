package import FoundationEssentials

/// Tries what a plan would write on temporary copies of the tables, which are thrown away. Filled by the store.
package protocol MigrationRehearsal: Sendable {
    /// Runs a body with a stage to try batches on. Where the database grants no temporary tables the stage lets
    /// everything pass, and the report says so.
    func withStage(at now: Date, _ body: (any RehearsalStage) async throws -> Void) async throws -> RehearsalReport
}

/// Where batches are tried one after the other, each on what those before it left.
package protocol RehearsalStage: Sendable {
    /// Tries the statements of a batch and returns the instances that the database does not take, with the rule that
    /// each breaks.
    func refusals(of batch: [PlannedInstance]) async throws -> [InstanceName: String]
}

/// What a rehearsal proves, and what it does not.
package struct RehearsalReport: Sendable, Equatable {
    /// Why nothing was tried; nil where everything was.
    package var unavailable: String?
    /// What could not be copied, and so may still surprise the run.
    package var remarks: [String]

    package init(unavailable: String? = nil, remarks: [String] = []) {
        self.unavailable = unavailable
        self.remarks = remarks
    }
}
