/// What is held back and the decisions over it, for the command line and the console.
package protocol QuarantineUseCases: Sendable {
    /// The largest groups first, at most `limit` of them.
    func groups(_ filter: QuarantineFilter, limit: Int) async throws -> [QuarantineGroup]

    /// Decides all that match anew and lets go what nothing holds any more; a dry run only says how it would go.
    /// - Parameter trustsName: a person vouches for the instance that a body names.
    func release(
        _ filter: QuarantineFilter, trustsName: Bool, isDryRun: Bool, act: QuarantineAct
    ) async throws -> QuarantineReleaseReport

    /// Gives up all that match: never delivered, the rows stay.
    /// - Returns: how many.
    func discard(_ filter: QuarantineFilter, isDryRun: Bool, act: QuarantineAct) async throws -> Int
}

/// What a release came to.
package struct QuarantineReleaseReport: Sendable, Equatable {
    /// Let go; in a dry run, what would be.
    package let released: Int
    package let refused: [ReleaseRefusal: Int]
    /// Decided by somebody else meanwhile.
    package let gone: Int

    package init(released: Int, refused: [ReleaseRefusal: Int], gone: Int) {
        self.released = released
        self.refused = refused
        self.gone = gone
    }
}
