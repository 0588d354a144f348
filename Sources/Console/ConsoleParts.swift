package import HookgateCore

/// Everything that console and API ask. Filled by the composition; what is nil is not offered.
package struct ConsoleParts: Sendable {
    package var time = TimeSource.system
    package let keys: any AccessKeyStore
    package let users: any UserStore
    package let sessions: any ConsoleSessionStore
    package let idempotency: any IdempotencyStore
    package let fleet: any FleetOverviewSource
    package let reporting: any GatewayReporting
    package let events: any EventArchive
    package let keeping: any EventKeeping
    package let quarantine: any QuarantineUseCases
    package let destinations: any DestinationStore
    package var doctor: any DoctorUseCases
    package let audit: any AuditReading
    package let deeds: any AuditWriting
    package var work: any LongWorkLedger
    package var migration: any MigrationUseCases
    /// The effective configuration, masked, by name.
    package let settings: [ConsoleSetting]
    /// Where Evolution reaches the gateway. Where that is by TLS, cookies are for TLS alone.
    package let publicURL: PublicURL
    package var integrations: (any IntegrationUseCases)?
    package var tokens: TokenParts?
    package var delivery: DestinationParts?
    package var board: (any MigrationBoardSource)?
    package var cleanup: (any CleanupUseCases)?
    /// Nil where no Evolution server is configured.
    package var switchOver: SwitchOverParts?
    /// Whether `HOOKGATE_ADMIN_TOKEN` lets an admin in.
    var hasConfiguredToken = false
    /// What went wrong and is shown to nobody.
    package var complain: @Sendable (String) -> Void = { _ in }
    /// Whether an error is of the moment, as of a database that restarts, so that another try may go on.
    package var isPassing: @Sendable (any Error) -> Bool = { _ in false }
    var workPace = WorkPace()

    package init(
        keys: any AccessKeyStore, users: any UserStore, sessions: any ConsoleSessionStore,
        idempotency: any IdempotencyStore, fleet: any FleetOverviewSource, reporting: any GatewayReporting,
        events: any EventArchive, keeping: any EventKeeping, quarantine: any QuarantineUseCases,
        destinations: any DestinationStore, doctor: any DoctorUseCases, audit: any AuditReading,
        deeds: any AuditWriting, work: any LongWorkLedger,
        migration: any MigrationUseCases,
        settings: [ConsoleSetting], publicURL: PublicURL
    ) {
        self.keys = keys
        self.users = users
        self.sessions = sessions
        self.idempotency = idempotency
        self.fleet = fleet
        self.reporting = reporting
        self.events = events
        self.keeping = keeping
        self.quarantine = quarantine
        self.destinations = destinations
        self.doctor = doctor
        self.audit = audit
        self.deeds = deeds
        self.work = work
        self.migration = migration
        self.settings = settings
        self.publicURL = publicURL
    }
}
