/// How SQL reads an integration's instance name: the one definition for every query, and word for word the one in the
/// schema's files, so that the planner recognises the index on it.
///
/// `config` may be `jsonb` or `json`, null, or no object at all; then there is no name.
package enum InstanceNameSQL {
    /// The expression over a `config` column, for example `i.config`.
    package static func expression(config: String = "config") -> String {
        "coalesce(nullif(\(config)->>'instance_name', ''), nullif(\(config)->>'instance', ''), "
            + "nullif(\(config)->>'instanceName', ''))"
    }

    /// Whether a row's provider is Evolution. A row that names none is: the old screens wrote no other kind.
    package static func isEvolution(provider: String = "provider") -> String {
        "coalesce(lower(\(provider)::text), 'evolution') LIKE 'evolution%'"
    }
}
