package import HookgateCore

extension DoctorFinding {
    /// What the evidence on a check means. Pure: the same evidence always gives the same finding.
    package init(_ check: DoctorCheck, _ evidence: DoctorEvidence) {
        switch evidence {
        case .found(let sample) where sample.total == 0:
            self.init(check: check, result: .ok, summary: check.title)
        case .found(let sample):
            self.init(
                check: check, result: .attention, summary: Self.complaint(check, count: sample.total),
                evidence: sample, remedy: DoctorRemedy(for: check, sample))
        case .absent(let what):
            self.init(check: check, result: .ok, summary: "nothing to look into: \(what)")
        case .hidden(let tables, let role):
            self.init(
                check: check, result: .cannotTell,
                summary: "role \(role) may not read \(tables.joined(separator: ", "))",
                remedy: Self.grants(tables, to: role))
        case .unknowable(let reason):
            self.init(
                check: check, result: .cannotTell, summary: reason, remedy: Self.remedyForIgnorance(check))
        }
    }

    private static func grants(_ tables: [String], to role: String) -> DoctorRemedy {
        let commands = tables.map { table in
            let name = table.prefix { $0 != "," && $0 != " " }
            let columns = table.contains("(") ? String(table.drop { $0 != "(" }) : ""
            return "GRANT SELECT \(columns)\(columns.isEmpty ? "" : " ")ON \(name) TO \(role);"
        }
        return DoctorRemedy(
            "Grant the role of DATABASE_URL what it lacks (and USAGE on the schema), or connect as the tables' owner; "
                + "row level security is passed by a role with BYPASSRLS or by the owner.", commands)
    }

    private static func remedyForIgnorance(_ check: DoctorCheck) -> DoctorRemedy? {
        switch check {
        case .oldRouteTraffic:
            DoctorRemedy("Let a gateway listen in front of both URLs, and ask again.", ["hookgate serve"])
        default: nil
        }
    }

    private static func complaint(_ check: DoctorCheck, count: Int) -> String {
        func counted(_ one: String, _ many: String) -> String { count == 1 ? "1 \(one)" : "\(count) \(many)" }
        return switch check {
        case .clinicNotFound:
            counted("organization has instances, but no clinic", "organizations have instances, but no clinic")
        case .missingTokens:
            counted("WhatsApp integration has no webhook token", "WhatsApp integrations have no webhook token")
        case .duplicateInstances:
            counted("instance has several integrations", "instances have several integrations each")
        case .oldRouteTraffic:
            counted("instance is still called on the old URL", "instances are still called on the old URL")
        case .pendingSchema:
            counted(
                "file of the schema is not applied as it should be",
                "files of the schema are not applied as they should be")
        case .schemaObjects: counted("object of the schema is not in place", "objects of the schema are not in place")
        case .interruptedRun: counted("migration run did not end well", "migration runs did not end well")
        case .overwrittenInstances:
            counted("instance lost its integration to another one", "instances lost their integration to another one")
        case .unmigratedInstances:
            counted("instance of the old tables has no integration", "instances of the old tables have no integration")
        case .otherHomes:
            counted(
                "further table holds instances that nobody else names",
                "further tables hold instances that nobody else names")
        case .misreadKinds:
            counted(
                "row is easily taken for another kind than it is",
                "rows are easily taken for another kind than they are")
        case .integrationsWithoutClinic:
            counted(
                "integration has no clinic: its webhooks are quarantined",
                "integrations have no clinic: their webhooks are quarantined")
        case .clinicOfAnotherOrganization:
            counted(
                "integration has a clinic of another organization", "integrations have a clinic of another organization"
            )
        case .clinicAgainstEvidence:
            counted(
                "integration has a clinic that the evidence contradicts",
                "integrations have a clinic that the evidence contradicts")
        case .mixedUpIDs:
            counted(
                "row has a clinic's id for an organization's, or the reverse",
                "rows have a clinic's id for an organization's, or the reverse")
        case .twoOrganizations:
            counted("instance is claimed by two organizations", "instances are claimed by two organizations each")
        case .instanceNameKey:
            counted(
                "integration has its instance name under another key only",
                "integrations have their instance name under another key only")
        case .conflictingNames:
            counted("integration has two different instance names", "integrations have two different instance names")
        case .unnamedIntegrations:
            counted("Evolution integration names no instance", "Evolution integrations name no instance")
        case .sameNumber:
            counted("WhatsApp number is held by several instances", "WhatsApp numbers are held by several instances")
        case .repeatedInstances:
            counted("instance was created again and again", "instances were created again and again")
        case .disabledByMigration:
            counted(
                "integration is switched off, and nothing says that a person did it",
                "integrations are switched off, and nothing says that a person did it")
        case .statusWords:
            counted("status word is none that hookgate knows", "status words are none that hookgate knows")
        case .webhookURL:
            counted(
                "stored webhook URL cannot reach its integration", "stored webhook URLs cannot reach their integration")
        case .webhookHost:
            counted("further host stands in stored webhook URLs", "further hosts stand in stored webhook URLs")
        case .malformedTokens: counted("token cannot work", "tokens cannot work")
        case .sharedTokens:
            counted(
                "token is held by several integrations: nobody can say whose it is",
                "tokens are held by several integrations: nobody can say whose they are")
        case .readableTokens:
            counted("way leads roles of PostgREST to webhook tokens", "ways lead roles of PostgREST to webhook tokens")
        case .readableCredentials:
            counted(
                "column shows Evolution's keys to roles of PostgREST",
                "columns show Evolution's keys to roles of PostgREST")
        case .openFunctions:
            counted(
                "function that must not be open to everybody is", "functions that must not be open to everybody are")
        case .bodyRoutedEvents:
            counted(
                "sender posts to a URL that names nobody: its events are held",
                "senders post to a URL that names nobody: their events are held")
        case .oldRouteElsewhere:
            counted(
                "instance's old URL leads elsewhere, and nothing of it has come here",
                "instances' old URLs lead elsewhere, and nothing of them has come here")
        case .oldRouteArrives:
            counted("old URL does not bring a webhook here", "old URLs do not bring a webhook here")
        }
    }
}
