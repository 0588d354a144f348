/// Every route there is. A new page or endpoint is a list of routes of its own, named here.
enum ConsoleRoutes {
    static func all(_ parts: ConsoleParts, _ access: AccessControl) -> [Route] {
        let reader = FleetReader(parts)
        let live = LiveStream()
        let pages =
            (parts.integrations.map { IntegrationPages.routes($0) } ?? []) + Assets.routes + SignInPages.routes(access)
            + FleetPage.routes(reader, live) + EventPages.routes
            + EventDetailPage.routes + QuarantinePages.routes + DoctorPage.routes + AuditLogPage.routes
            + SettingsPage.routes
        let endpoints =
            (parts.integrations.map { IntegrationAPI.routes($0) } ?? []) + FleetAPI.routes(reader) + EventAPI.routes
            + QuarantineAPI.routes + AccessAPI.routes + OperationAPI.routes
        return pages + endpoints + OpenAPI.routes(endpoints)
    }
}
