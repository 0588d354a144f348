package import HookgateCore

/// What the pages of webhooks at Evolution work with.
package struct SwitchOverParts: Sendable {
    /// By who does it, for the audit log.
    let useCases: @Sendable (_ actor: String) -> any SwitchOverUseCases
    /// Whether every configured server is on this machine, so that a rehearsal may set a URL of it.
    let allowsRehearsal: Bool

    package init(
        allowsRehearsal: Bool, useCases: @escaping @Sendable (_ actor: String) -> any SwitchOverUseCases
    ) {
        self.allowsRehearsal = allowsRehearsal
        self.useCases = useCases
    }
}
