/// Every route there is. A new page or endpoint is a list of routes of its own, named here.
enum ConsoleRoutes {
    static func all(_ parts: ConsoleParts, _ access: AccessControl, _ desk: WorkDesk) -> [Route] {
        let reader = FleetReader(parts)
        let doctor = DoctorReader(desk)
        let live = LiveStream()
        let life = parts.integrations.map { LifeDesk($0, parts) }
        let pages: [[Route]] = [
            Assets.routes, SignInPages.routes(access), FleetPage.routes(reader, live),
            parts.integrations.map { IntegrationPages.routes($0, desk) } ?? [],
            life.map { CreatePage.routes($0) + ConnectPage.routes($0, live) + LifePages.routes($0) } ?? [],
            EventPages.routes, EventDetailPage.routes,
            TokenPages.routes(desk, live), SecondFactorPages.routes, DestinationPages.routes,
            QuarantinePages.routes, BoardPage.routes(desk), PlanPage.routes(desk, live), RunPages.routes(desk, live),
            SwitchOverPages.routes(desk, live), CleanupPages.routes(desk, live),
            DoctorPage.routes(doctor, live), AuditLogPage.routes, SettingsPage.routes,
            UserPages.routes, KeyPages.routes, AccountPages.routes,
        ]
        let endpoints: [[Route]] = [
            FleetAPI.routes(reader), parts.integrations.map { IntegrationAPI.routes($0) } ?? [],
            life.map { LifeAPI.routes($0) } ?? [], EventAPI.routes,
            TokenAPI.routes(desk), SecondFactorAPI.routes, DestinationAPI.routes,
            QuarantineAPI.routes, MigrationAPI.routes(desk), WebhookAPI.routes(desk), CleanupAPI.routes(desk),
            AccessAPI.routes, UserAPI.routes, OperationAPI.routes(doctor),
        ]
        let all = endpoints.flatMap(\.self)
        return pages.flatMap(\.self) + all + OpenAPI.routes(all)
    }
}
