package import HookgateCore

extension DoctorRemedy {
    private static let tokenFile = "20251020_add_webhook_tokens_to_integrations.sql"

    /// What to do about what a check found, in commands that can be run as they stand.
    package init(for check: DoctorCheck, _ sample: DoctorSample) {
        switch check {
        case .clinicNotFound, .integrationsWithoutClinic, .clinicOfAnotherOrganization, .clinicAgainstEvidence,
            .mixedUpIDs, .twoOrganizations:
            self = Self.aboutOwners(check, sample)
        case .duplicateInstances, .conflictingNames, .unnamedIntegrations, .sameNumber, .repeatedInstances,
            .misreadKinds, .otherHomes, .overwrittenInstances, .unmigratedInstances, .instanceNameKey:
            self = Self.aboutInstances(check, sample)
        case .missingTokens, .disabledByMigration, .statusWords, .webhookURL, .webhookHost, .malformedTokens,
            .sharedTokens:
            self = Self.aboutRows(check, sample)
        case .pendingSchema, .schemaObjects, .interruptedRun, .oldRouteTraffic, .readableTokens,
            .readableCredentials, .openFunctions, .bodyRoutedEvents, .oldRouteElsewhere, .oldRouteArrives:
            self = Self.aboutOperation(check, sample)
        }
    }

    // MARK: Whose messages these are

    private static func aboutOwners(_ check: DoctorCheck, _ sample: DoctorSample) -> DoctorRemedy {
        switch check {
        case .clinicNotFound:
            DoctorRemedy(
                "Give each organization its clinic, or exclude its instances with a decisions file; then migrate.",
                ids(sample, \.subject).map {
                    "SELECT id, name, organization_id FROM healthcare.clinics WHERE organization_id::text = \($0) OR id::text = \($0);"
                } + ["hookgate migrate --dry-run"])
        case .integrationsWithoutClinic:
            DoctorRemedy(
                "Let the migration fill the gap where the evidence decides; else set the clinic by hand.",
                ["hookgate migrate --dry-run"] + updates(sample, "clinic_id = 'CLINIC'"))
        case .clinicOfAnotherOrganization:
            DoctorRemedy(
                "Decide which of the two is right, organization or clinic, and correct the other. Until then one "
                    + "organization's messages are handled as another's.",
                updates(sample, "clinic_id = 'CLINIC'") + updates(sample, "organization_id = 'ORGANIZATION'"))
        case .clinicAgainstEvidence:
            DoctorRemedy(
                "Ask whose number this is. Where the evidence is right, set the clinic; where the integration is, "
                    + "correct name, settings or number, or `migrate verify` goes on saying so.",
                sample.items.compactMap { item in
                    item.id.flatMap { id in
                        item.fact("rather").map {
                            "\(update) SET clinic_id = \(literal($0)) WHERE id = \(literal(id));"
                        }
                    }
                })
        case .mixedUpIDs:
            DoctorRemedy(
                "Write the organization's id where the organization belongs and the clinic's where the clinic does; in a "
                    + "legacy row too, for the migration reads it.",
                updates(sample, "organization_id = 'ORGANIZATION', clinic_id = 'CLINIC'")
                    + ["hookgate migrate --dry-run"])
        case .twoOrganizations:
            DoctorRemedy(
                "Ask Evolution whose instance it is, and say so in a decisions file; correct the other organization's row.",
                ["hookgate migrate --dry-run --overrides decisions.yaml"])
        default: preconditionFailure("cannot advise on \(check.rawValue) as on owners")
        }
    }

    // MARK: Instances

    private static func aboutInstances(_ check: DoctorCheck, _ sample: DoctorSample) -> DoctorRemedy {
        switch check {
        case .duplicateInstances:
            DoctorRemedy(
                "Keep the row whose token stands in Evolution's webhook, and delete the others; webhooks of the name are "
                    + "quarantined until one is left. Two numbers of one clinic are two names, and are not listed here.",
                sample.items.map {
                    "SELECT id, clinic_id, status, enabled, webhook_token IS NOT NULL AS has_token, updated_at "
                        + "FROM healthcare.integrations WHERE id IN (\(idList($0)));"
                } + ["DELETE FROM healthcare.integrations WHERE id = 'ID';", "hookgate schema apply \(tokenFile)"])
        case .overwrittenInstances:
            DoctorRemedy(
                "The old tables still have them: hookgate's migration gives each instance its own integration, and leaves "
                    + "the other one as it is.",
                ["hookgate migrate --dry-run", "hookgate migrate"])
        case .unmigratedInstances:
            DoctorRemedy(
                "Migrate them; instances that need a decision are listed with their evidence.",
                ["hookgate check", "hookgate migrate --dry-run", "hookgate migrate"])
        case .otherHomes:
            DoctorRemedy(
                "hookgate moves the eight known tables alone. Where these instances' webhooks are to come here, enter "
                    + "them in public.evolution_instances and migrate; else leave them.",
                sample.items.map { "SELECT * FROM \($0.subject);" })
        case .misreadKinds:
            DoctorRemedy(
                "Give each row the type and provider that it is of.",
                updates(sample, "type = 'whatsapp', provider = 'evolution'"))
        case .instanceNameKey:
            DoctorRemedy(
                "Write the name under both keys.", ["hookgate doctor --fix --yes --check instance-name-key"])
        case .conflictingNames:
            DoctorRemedy(
                "Ask Evolution which name it knows (its manager lists them), and write that under both keys.",
                updates(
                    sample,
                    "config = (config - 'instanceName') || jsonb_build_object('instance_name', 'NAME', 'instance', 'NAME')"
                ))
        case .unnamedIntegrations:
            DoctorRemedy(
                "Write the instance's name where Evolution knows it; delete the row where it belongs to none.",
                updates(
                    sample,
                    "config = coalesce(config, '{}') || jsonb_build_object('instance_name', 'NAME', 'instance', 'NAME')"
                ))
        case .sameNumber:
            DoctorRemedy(
                "Keep the instance that is connected in Evolution and log the others out there: WhatsApp ends one "
                    + "session whenever the other comes (device_removed). Then delete or disable their rows.",
                ["\(update) SET enabled = false WHERE id = 'ID';"])
        case .repeatedInstances:
            DoctorRemedy(
                "Look in Evolution's manager which of them is connected; delete the others there, then their rows. "
                    + "Instances with a number of their own each are not listed here.",
                ["hookgate check"])
        default: preconditionFailure("cannot advise on \(check.rawValue) as on instances")
        }
    }

    // MARK: Status, URL, token

    private static func aboutRows(_ check: DoctorCheck, _ sample: DoctorSample) -> DoctorRemedy {
        switch check {
        case .missingTokens:
            DoctorRemedy(
                "Make them; existing tokens are never touched.",
                ["hookgate doctor --fix --yes --check missing-tokens", "hookgate schema apply \(tokenFile)"])
        case .disabledByMigration:
            DoctorRemedy(
                "Switch on those that nobody switched off on purpose: a disabled integration's webhooks are quarantined.",
                updates(sample, "enabled = true"))
        case .statusWords:
            DoctorRemedy(
                "Put one of active, pending, disconnected and error in its place. hookgate routes by `enabled`, whatever "
                    + "the status says; dashboards and reminders go by the word.",
                sample.items.map { item in
                    let condition = item.subject == "NULL" ? "IS NULL" : "= \(literal(item.subject))"
                    return "\(update) SET status = 'pending' WHERE type = 'whatsapp' AND status \(condition);"
                })
        case .webhookURL:
            DoctorRemedy(
                "Empty the column, and the gateway fills in the token URL at its next start; what is configured inside "
                    + "Evolution is another matter, see old-route-traffic.",
                urlCommands(sample))
        case .webhookHost:
            DoctorRemedy(
                "Where hookgate answers under another host now, empty these URLs; they are filled in with "
                    + "HOOKGATE_PUBLIC_URL at the gateway's next start.",
                sample.items.map {
                    "\(update) SET webhook_url = NULL WHERE type = 'whatsapp' AND webhook_url LIKE \(literal("%//\($0.subject)/%"));"
                })
        case .malformedTokens:
            DoctorRemedy(
                "Empty the column, and the row gets a new token at once; then set the new URL at Evolution.",
                updates(sample, "webhook_token = NULL") + ["hookgate tokens --verbose --reveal"])
        case .sharedTokens:
            DoctorRemedy(
                "Decide whose it is, and empty the column on the others: they get a token of their own.",
                sample.items.map {
                    "SELECT id, clinic_id, config->>'instance_name' AS instance FROM healthcare.integrations "
                        + "WHERE id IN (\(idList($0)));"
                } + ["\(update) SET webhook_token = NULL WHERE id = 'ID';"])
        default: preconditionFailure("cannot advise on \(check.rawValue) as on rows")
        }
    }

    private static func urlCommands(_ sample: DoctorSample) -> [String] {
        let columns = sample.items.filter { $0.fact("column") == "webhook_url" }
        let members = sample.items.filter { $0.fact("column") == "config.webhook_url" }
        return updates(DoctorSample(total: columns.count, items: columns), "webhook_url = NULL")
            + updates(DoctorSample(total: members.count, items: members), "config = config - 'webhook_url'")
    }

    // MARK: Schema, runs, traffic, rights

    private static func aboutOperation(_ check: DoctorCheck, _ sample: DoctorSample) -> DoctorRemedy {
        switch check {
        case .pendingSchema:
            DoctorRemedy(
                "Apply it; what waits for a person is named by `schema status`. A file that was changed after it was "
                    + "applied must be restored as it was.",
                ["hookgate schema apply --dry-run", "hookgate schema apply", "hookgate schema status"])
        case .schemaObjects:
            DoctorRemedy(
                "Run the schema's files again. An index that waits does so until duplicate-instances and shared-tokens "
                    + "are settled; a trigger that is disabled was disabled by somebody.",
                ["hookgate doctor --fix --yes --check schema-objects"]
                    + sample.items.filter { $0.fact("state") == "disabled" }.map {
                        "ALTER TABLE healthcare.integrations ENABLE TRIGGER \($0.subject.split(separator: " ").last ?? "");"
                    })
        case .interruptedRun:
            DoctorRemedy(
                "Run the migration again: it goes on with what is not written yet. Or put back what the run wrote.",
                ["hookgate migrate"] + sample.items.compactMap(\.id).map { "hookgate migrate undo \($0)" })
        case .oldRouteTraffic:
            DoctorRemedy(
                "Set the token URL in Evolution's webhook settings of each instance (ending in /whatsapp/TOKEN, not in the "
                    + "instance's name), and read it back there.",
                ["hookgate tokens --verbose --reveal"])
        case .readableTokens:
            DoctorRemedy(
                "Take the right back. What another role granted must be revoked as that role; a view must be made "
                    + "anew without the column, or closed.",
                ["hookgate doctor --fix --yes --check readable-tokens"]
                    + sample.items.compactMap { item in
                        guard let place = item.fact("place"), place.hasPrefix("view "), let role = item.fact("role")
                        else { return nil }
                        return "REVOKE SELECT ON \(place.dropFirst("view ".count)) FROM \(role);"
                    })
        case .readableCredentials:
            DoctorRemedy(
                "Take the right to read the table from these roles and grant the other columns again; change the keys at "
                    + "Evolution, for they may have been read.",
                sample.items.map { item in
                    let place = item.subject.split(separator: ".")
                    return
                        "REVOKE SELECT ON \(place.dropLast().joined(separator: ".")) FROM PUBLIC, anon, authenticated;"
                })
        case .openFunctions:
            DoctorRemedy(
                "Close each of them, unless a screen still calls it: then replace that call first.",
                sample.items.map { "REVOKE EXECUTE ON FUNCTION \($0.subject) FROM PUBLIC, anon, authenticated;" })
        case .bodyRoutedEvents:
            DoctorRemedy(
                "Give each instance its token URL at Evolution and switch a global webhook off there "
                    + "(WEBHOOK_GLOBAL_ENABLED=false). What came only there is released once you know that it is right.",
                [
                    "hookgate webhooks switch", "hookgate quarantine list --reason body_routed",
                    "hookgate quarantine release --reason body_routed --trust-name --dry-run",
                ])
        case .oldRouteElsewhere:
            DoctorRemedy(
                "Bring that host's traffic here (docs/operations.md, Taking over the old URL), or switch these instances over.",
                ["hookgate doctor --old-url https://OLD-HOST --check old-route-arrives", "hookgate webhooks status"])
        case .oldRouteArrives:
            DoctorRemedy(
                "Bring that URL's traffic here: by a proxy for its path, a move at the host, or a shim that forwards (see "
                    + "docs/operations.md, Taking over the old URL).",
                ["hookgate doctor --old-url https://OLD-HOST --check old-route-arrives"])
        default: preconditionFailure("cannot advise on \(check.rawValue) as on the operation")
        }
    }

    // MARK: SQL

    private static let update = "UPDATE healthcare.integrations"

    private static func updates(_ sample: DoctorSample, _ change: String) -> [String] {
        ids(sample, \.id).map { "\(update) SET \(change) WHERE id = \($0);" }
    }

    private static func ids(_ sample: DoctorSample, _ part: (DoctorItem) -> String?) -> [String] {
        sample.items.compactMap(part).map(literal)
    }

    private static func idList(_ item: DoctorItem) -> String {
        (item.fact("ids") ?? "").split(separator: ", ").filter { $0 != "…" }.map { literal(String($0)) }
            .joined(separator: ", ")
    }

    /// A text as SQL takes it, whatever stands in it.
    private static func literal(_ text: String) -> String {
        let quoted = "'" + text.replacing("'", with: "''") + "'"
        return text.contains("\\") ? "E" + quoted.replacing("\\", with: "\\\\") : quoted
    }
}
