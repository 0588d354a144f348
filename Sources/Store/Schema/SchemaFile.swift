import Crypto

/// One file of SQL: built in, or given by a person.
package struct SchemaFile: Sendable, Equatable {
    /// The name without its folder; what the ledger knows the file by.
    package let name: String
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// SHA-256 of the text: a built-in file that was applied never changes again.
    package var checksum: [UInt8] {
        Array(SHA256.hash(data: Array(self.text.utf8)))
    }
}

extension SchemaFile {
    /// Every built-in file that `schema apply` brings a database to, in order.
    package static let builtIn = [
        SchemaFile("20251019_hookgate_schema.sql", PackageResources._0251019_hookgate_schema_sql),
        addWebhookTokens,
        tokenLedger,
        SchemaFile("20251022_event_decisions.sql", PackageResources._0251022_event_decisions_sql),
        SchemaFile("20251022_interrupted_runs.sql", PackageResources._0251022_interrupted_runs_sql),
        SchemaFile("20251026_duplicate_events.sql", PackageResources._0251026_duplicate_events_sql),
        SchemaFile("20251101_second_factors.sql", PackageResources._0251101_second_factors_sql),
        SchemaFile("20251103_traffic.sql", PackageResources._0251103_traffic_sql),
        SchemaFile("20251103_old_way.sql", PackageResources._0251103_old_way_sql),
        SchemaFile("20251105_delivery.sql", PackageResources._0251105_delivery_sql),
        SchemaFile("20251106_destinations.sql", PackageResources._0251106_destinations_sql),
        SchemaFile("20251107_body_keys.sql", PackageResources._0251107_body_keys_sql),
        SchemaFile("20251107_event_order.sql", PackageResources._0251107_event_order_sql),
        SchemaFile("20251107_event_retention.sql", PackageResources._0251107_event_retention_sql),
        SchemaFile("20251110_switch_overs.sql", PackageResources._0251110_switch_overs_sql),
        SchemaFile("20251112_delivery_plans.sql", PackageResources._0251112_delivery_plans_sql),
        SchemaFile("20251113_cleanup.sql", PackageResources._0251113_cleanup_sql),
        SchemaFile("20251114_integration_lives.sql", PackageResources._0251114_integration_lives_sql),
        SchemaFile(
            "20251115_switch_over_rotations.sql", PackageResources._0251115_switch_over_rotations_sql),
        SchemaFile("20251116_console.sql", PackageResources._0251116_console_sql),
        SchemaFile("20251118_destination_owners.sql", PackageResources._0251118_destination_owners_sql),
        SchemaFile("20251119_long_work.sql", PackageResources._0251119_long_work_sql),
        SchemaFile("20251121_delivery_due.sql", PackageResources._0251121_delivery_due_sql),
        SchemaFile("20251122_event_tokens.sql", PackageResources._0251122_event_tokens_sql),
        SchemaFile("20251123_users.sql", PackageResources._0251123_users_sql),
    ]

    /// The file that scenario 3 of the migration guide runs by itself, again and again.
    package static let addWebhookTokens = SchemaFile(
        "20251020_add_webhook_tokens_to_integrations.sql",
        PackageResources._0251020_add_webhook_tokens_to_integrations_sql)

    /// The triggers that keep the ledger of tokens.
    package static let tokenLedger = SchemaFile(
        "20251021_token_ledger.sql", PackageResources._0251021_token_ledger_sql)

    /// Whether a path names the guide's file that drops the legacy tables, whatever stands there: that step is
    /// `hookgate cleanup run`.
    package static func dropsLegacyTables(path: String) -> Bool {
        path.split(separator: "/").last.map(String.init) == dropLegacyTables.name
    }

    /// Has the name the migration guide gives it, and refuses; see `hookgate cleanup`.
    package static let dropLegacyTables = SchemaFile(
        "20251020_drop_legacy_whatsapp_tables.sql", PackageResources._0251020_drop_legacy_whatsapp_tables_sql)

    private init(_ name: String, _ bytes: [UInt8]) {
        self.init(name: name, text: String(decoding: bytes, as: UTF8.self))
    }
}
