import PostgresClient

/// `healthcare.integrations.webhook_url`, which some databases lack and others compute.
enum WebhookURLColumn {
    /// False where the column is missing, or where the database computes it.
    static func isWritable(_ executor: any PostgresExecutor) async throws(PostgresError) -> Bool {
        try await !executor.query(
            """
            SELECT FROM pg_attribute WHERE attrelid = to_regclass('healthcare.integrations')
                AND attname = 'webhook_url' AND NOT attisdropped AND attgenerated = ''
            """
        ).isEmpty
    }
}
