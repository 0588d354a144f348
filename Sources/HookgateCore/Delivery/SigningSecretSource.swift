/// Holds the secrets that sign for destinations. Filled by the store, and asked for each attempt: it answers from
/// memory, at once.
package protocol SigningSecretSource: Sendable {
    /// Nil when nothing is kept under that name.
    func secrets(named reference: String) -> SigningSecrets?
}
