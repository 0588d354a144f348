/// Reads the integrations of type WhatsApp, for lists and reports. Filled by the store.
package protocol IntegrationCatalog: Sendable {
    /// Hands over every integration, ordered by clinic name and instance, in pages of bounded size.
    /// - Parameter clinic: only this clinic's, when given.
    func forEachPage(
        clinic: ClinicID?, _ body: ([IntegrationRecord]) async throws -> Void
    ) async throws

    /// One integration, or nil when it is gone.
    func integration(_ id: IntegrationID) async throws -> IntegrationRecord?

    /// Writes `webhook_url` into rows that have a token and no URL yet; a URL that stands is never changed.
    /// - Returns: how many rows were filled.
    func fillWebhookURLs(base: PublicURL) async throws -> Int
}
