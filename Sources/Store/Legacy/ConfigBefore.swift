import HookgateCore

/// What stood in `config` where a run changes it, as the journal keeps it: `{"config": {KEY: {"was": …}}}`.
///
/// A member was absent, or null, or had a value, and values are sealed.
struct ConfigBefore {
    static let absent = "absent"
    static let null = "null"
    static let sealed = "sealed"

    let json: String

    init(
        _ changes: [FieldChange], of row: IntegrationRow, named name: InstanceName, run: RunID, seal: JournalSeal?
    ) throws {
        var members = ConfigMembers()
        for change in changes {
            guard case .config(let key) = change.field else { continue }
            var was = ConfigMembers()
            if let value = change.before {
                guard let seal else { preconditionFailure("cannot replace a member of config without a seal") }
                was.set("was", toString: Self.sealed)
                was.set("value", toString: try seal.seal(value, of: key, in: name, run: run))
            } else {
                was.set("was", toString: row.config[key] == nil ? Self.absent : Self.null)
            }
            members.set(key, to: was.text)
        }
        self.json = members.members.isEmpty ? "{}" : "{\"config\": \(members.text)}"
    }
}
