/// One thing that `hookgate doctor` looks for. The raw value is the name that `--check` takes; scripts rely on it.
///
/// In this order they are run and repaired: what the schema brings comes before what builds on it.
package enum DoctorCheck: String, Sendable, CaseIterable {
    // The four "Common Migration Issues" of the migration guide.
    case clinicNotFound = "clinic-not-found"
    case missingTokens = "missing-tokens"
    case duplicateInstances = "duplicate-instances"
    case oldRouteTraffic = "old-route-traffic"
    // What the schema and the runs left.
    case pendingSchema = "pending-schema"
    case schemaObjects = "schema-objects"
    case interruptedRun = "interrupted-run"
    // Instances that the old migration lost, and rows that nobody reads.
    case overwrittenInstances = "overwritten-instances"
    case unmigratedInstances = "unmigrated-instances"
    case otherHomes = "other-homes"
    case misreadKinds = "misread-kinds"
    // Whose messages these are.
    case integrationsWithoutClinic = "integrations-without-clinic"
    case clinicOfAnotherOrganization = "clinic-of-another-organization"
    case clinicAgainstEvidence = "clinic-against-evidence"
    case mixedUpIDs = "mixed-up-ids"
    case twoOrganizations = "two-organizations"
    // The instance's name.
    case instanceNameKey = "instance-name-key"
    case conflictingNames = "conflicting-names"
    case unnamedIntegrations = "unnamed-integrations"
    case sameNumber = "same-number"
    case repeatedInstances = "repeated-instances"
    // Status, URL, token.
    case disabledByMigration = "disabled-by-migration"
    case statusWords = "status-words"
    case webhookURL = "webhook-url"
    case webhookHost = "webhook-host"
    case malformedTokens = "malformed-tokens"
    case sharedTokens = "shared-tokens"
    // Who may see and do what.
    case readableTokens = "readable-tokens"
    case readableCredentials = "readable-credentials"
    case openFunctions = "open-functions"
    // What comes on old URLs, and whether it would come here.
    case bodyRoutedEvents = "body-routed-events"
    case oldRouteElsewhere = "old-route-elsewhere"
    case oldRouteArrives = "old-route-arrives"
}

extension DoctorCheck {
    /// What holds when all is well.
    package var title: String {
        switch self {
        case .clinicNotFound: "every organization with an instance has a clinic"
        case .missingTokens: "every WhatsApp integration has a webhook token"
        case .duplicateInstances: "every instance has one integration"
        case .oldRouteTraffic: "no webhook comes on the old URL any more"
        case .pendingSchema: "the built-in schema is applied, in this program's version"
        case .schemaObjects: "indexes, triggers and the token ledger are in place"
        case .interruptedRun: "no migration run was cut off"
        case .overwrittenInstances: "no instance lost its integration to another one"
        case .unmigratedInstances: "every instance of the old tables has an integration"
        case .otherHomes: "no table beside the known ones holds instances of its own"
        case .misreadKinds: "every Evolution row can be told from rows of other kinds"
        case .integrationsWithoutClinic: "every integration has a clinic that exists"
        case .clinicOfAnotherOrganization: "every integration's clinic belongs to its organization"
        case .clinicAgainstEvidence: "no integration's clinic is contradicted by name, settings or number"
        case .mixedUpIDs: "no clinic's id stands where an organization's belongs, nor the other way round"
        case .twoOrganizations: "no instance is claimed by two organizations"
        case .instanceNameKey: "every instance name is where both routes of the old system look for it"
        case .conflictingNames: "no integration has two different instance names"
        case .unnamedIntegrations: "every Evolution integration names its instance"
        case .sameNumber: "no WhatsApp number is held by several instances"
        case .repeatedInstances: "no instance was created again and again"
        case .disabledByMigration: "nothing is switched off that the old system only saw offline"
        case .statusWords: "every status is a word that hookgate knows"
        case .webhookURL: "every stored webhook URL could reach its integration"
        case .webhookHost: "all stored webhook URLs lead to one host"
        case .malformedTokens: "every token can stand in a URL and has its right checksum"
        case .sharedTokens: "no token is held by two integrations"
        case .readableTokens: "no role of PostgREST can read a webhook token"
        case .readableCredentials: "no role of PostgREST can read Evolution's keys"
        case .openFunctions: "no role of PostgREST can call a function that gives tokens away"
        case .bodyRoutedEvents: "no webhook comes to a URL that names nobody"
        case .oldRouteElsewhere: "no instance's old URL leads past hookgate"
        case .oldRouteArrives: "a webhook on the old URL arrives here"
        }
    }

    /// The defect of the old system, or the guide's issue, that this looks for the traces of.
    package var origin: String {
        switch self {
        case .clinicNotFound: "guide: \"Clinic not found\" after migration"
        case .missingTokens: "guide: tokens not generated; the old script's update path never made one"
        case .duplicateInstances:
            "guide: duplicate instances. Counted by provider and instance name: two numbers of one clinic are two "
                + "instances, and no duplicates, whatever the guide's own query says"
        case .oldRouteTraffic: "guide: old webhook still receiving traffic"
        case .pendingSchema: "the migration ran before the schema"
        case .schemaObjects: "a unique index was recommended and never made; triggers or ledger were lost by hand"
        case .interruptedRun: "the old script had no transaction, no resumption and no record of a run"
        case .overwrittenInstances:
            "the old script upserted by clinic, type and provider: the second instance overwrote the first"
        case .unmigratedInstances:
            "rows with status NULL or error, or beyond the REST client's page of 1,000, vanished without a line"
        case .otherHomes: "one table was migrated, although instances stood in many more than the eight"
        case .misreadKinds: "rows of Twilio, Meta and other kinds were counted as Evolution's, and the reverse"
        case .integrationsWithoutClinic: "the screens' save function never set clinic_id; the token route needs it"
        case .clinicOfAnotherOrganization: "moving an integration to another organization kept its clinic"
        case .clinicAgainstEvidence: "the old script took the organization's first clinic, LIMIT 1 without order"
        case .mixedUpIDs: "names and columns were filled from either id, and some clinics have their organization's"
        case .twoOrganizations: "names were free text, and nothing kept two organizations from one"
        case .instanceNameKey: "the old script wrote config.instance where the legacy route read config.instance_name"
        case .conflictingNames: "an instance was renamed in the database only, or under one key only"
        case .unnamedIntegrations: "a connection event of the old gateway overwrote the whole config"
        case .sameNumber: "each click made another instance, until WhatsApp answered device_removed"
        case .repeatedInstances: "each click made another instance, named by the time of the click"
        case .disabledByMigration: "the old script set enabled = false for every phone that was offline at that minute"
        case .statusWords: "eight programs wrote one status column, each in its own words"
        case .webhookURL: "each status poll stored a URL of Evolution's own; new integrations still got the legacy URL"
        case .webhookHost: "the host was written into every row, and changed four times"
        case .malformedTokens: "tokens were edited by hand; such a webhook is refused"
        case .sharedTokens: "rows were copied together with their token"
        case .readableTokens: "the old list of integrations served every tenant's tokens"
        case .readableCredentials: "Evolution's keys stand in config columns that the screens read"
        case .openFunctions:
            "save_evolution_integration and exec_sql were callable by anybody and ran as their owner"
        case .bodyRoutedEvents: "the oldest URLs named no instance, and the body's word was taken"
        case .oldRouteElsewhere:
            "the host changed four times and stands in every URL; what goes to an old one is never seen here"
        case .oldRouteArrives: "the old URL led to the old backend, and its traffic has to be brought here first"
        }
    }

    /// What `--fix` does about it; nil where a person must decide.
    package var fix: DoctorFix? {
        switch self {
        case .pendingSchema: .applySchema
        case .schemaObjects: .restoreSchemaObjects
        case .missingTokens: .makeTokens
        case .instanceNameKey: .writeNameKeys
        case .readableTokens: .closeTokenColumns
        default: nil
        }
    }
}
