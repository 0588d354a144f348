package import HookgateCore

/// What the pages of one integration's tokens and second factor work with.
package struct TokenParts: Sendable {
    let catalog: any IntegrationCatalog
    /// By who changes them, for the audit log.
    let ledger: @Sendable (_ actor: String) -> any TokenLedger
    let probe: any ProbeUseCases
    let secondFactors: any SecondFactorUseCases
    /// What applies to an integration that says nothing else.
    let defaultMode: SecondFactorMode
    /// What webhook URLs begin with, where somebody stated it.
    let statedURL: PublicURL?

    package init(
        catalog: any IntegrationCatalog, probe: any ProbeUseCases, secondFactors: any SecondFactorUseCases,
        defaultMode: SecondFactorMode, statedURL: PublicURL?,
        ledger: @escaping @Sendable (_ actor: String) -> any TokenLedger
    ) {
        self.catalog = catalog
        self.ledger = ledger
        self.probe = probe
        self.secondFactors = secondFactors
        self.defaultMode = defaultMode
        self.statedURL = statedURL
    }
}
