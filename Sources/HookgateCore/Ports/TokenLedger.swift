package import FoundationEssentials

/// Reads and changes the tokens of integrations. Filled by the store.
package protocol TokenLedger: Sendable {
    /// The integrations whose instance has exactly this name; more than one where names stand twice.
    func holdings(named name: InstanceName) async throws -> [TokenHolding]

    /// The integration with this id, if there is one.
    func holdings(of id: IntegrationID) async throws -> [TokenHolding]

    /// The integrations that have, or had, a token with this fingerprint.
    func holdings(fingerprint: String) async throws -> [TokenHolding]

    /// Names of instances, for suggesting one; a bounded number.
    func instanceNames() async throws -> [InstanceName]

    /// Writes a change in one transaction, with `webhook_url` in step.
    /// - Parameters:
    ///   - base: what webhook URLs begin with, where somebody stated it; else the token in a URL that stands is replaced.
    ///   - now: when the change is made.
    /// - Returns: false when the current token is not the expected one any more; then nothing is written.
    func write(_ change: TokenChange, base: PublicURL?, at now: Date) async throws -> Bool
}
