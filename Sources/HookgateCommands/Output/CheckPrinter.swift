import HookgateCore

/// Prints what `hookgate check` found: the tables, a block per instance, the guide's analysis.
final class CheckPrinter {
    private struct Instance: Encodable {
        let instanceName: String
        let legacyRows: [String]
        let integrationIDs: [String]
        let clinicID: String?
        let clinicName: String?
        let hasToken: Bool
        let evolutionWebhook: String
        let evolutionURL: String?
        let lastTokenTraffic: String?
        let lastLegacyTraffic: String?
        let oldWay: [String: Int]?
        let oldWayLast: String?
        let notes: [String]
        let becomes: String?
        let nextStep: String
    }

    private struct Table: Encodable {
        let name: String
        let state: String
        let rows: Int
        let instances: Int
        let kept: Int
        let unknownColumns: [String]
        let remarks: [String]
    }

    private struct Neighbour: Encodable {
        struct Instance: Encodable {
            let instanceName: String
            let tokenFingerprint: String?
        }

        let name: String
        let state: String
        let rows: Int
        let instanceRows: Int
        let instances: [Instance]
        let unknownColumns: [String]
    }

    private struct Clinics: Encodable {
        let table: String
        let rows: Int
        let namingInstance: Int?
        let withSettings: Int?
        let withNumber: Int?
    }

    private struct Document: Encodable {
        let analysis: String
        let advice: String
        let legacyInstances: Int
        let migrated: Int
        let needMigration: Int
        let needDecision: Int
        let withoutToken: Int
        let onlyInNew: Int
        let toSwitchOver: Int
        let waitingForEvent: Int
        let done: Int
        let resolvedDifferently: Int
        let tables: [Table]
        let neighbours: [Neighbour]
        let clinics: Clinics?
        let integrations: Int
        let instances: [Instance]
    }

    private let isJSON: Bool
    private let output = StandardStream.output
    private var number = 0
    private var instances: [Instance] = []

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    func print(_ event: CheckEvent) {
        switch event {
        case .surveyed(let survey): if !isJSON { lines(survey).forEach(output.line) }
        case .instance(let state):
            if isJSON { instances.append(document(state)) } else { lines(state).forEach(output.line) }
        }
    }

    func finish(_ report: CheckReport) throws {
        if isJSON { return try JSONOutput.print(document(report)) }
        output.line("")
        output.line("Analysis:")
        output.line("\(Self.symbol(report.analysis)) \(report.analysis.rawValue)")
        output.line("   - ACTION: \(report.analysis.advice)")
        output.line("   Instances in the old tables: \(report.legacy)")
        output.line("     migrated:             \(report.migrated)")
        output.line("     to migrate:           \(report.needMigration)")
        output.line("     waiting for a person: \(report.needDecision)")
        output.line("   Integrations without a token: \(report.withoutToken)")
        output.line("   Integrations that no old table names: \(report.onlyInNew)")
        let waiting = report.waitingForEvent > 0 ? ", waiting for an event: \(report.waitingForEvent)" : ""
        output.line("   Ready to switch over: \(report.toSwitchOver)\(waiting), done: \(report.done)")
        if report.resolvedDifferently > 0 {
            output.line("⚠️ Somebody else's by the old tables: \(report.resolvedDifferently), see \"Old way\" above")
        }
    }

    private func lines(_ survey: LegacySurvey) -> [String] {
        var lines = GuideLayout.banner("Checking Legacy WhatsApp Data") + [""]
        for table in survey.tables {
            let name = table.source.rawValue
            switch table.state {
            case .absent: lines.append("   \(name): not there")
            case .unreadable: lines.append("⚠️ \(name): there, but this role may not read it: grant it SELECT")
            case .table, .view:
                lines.append("📊 \(name): \(table.rowCount) records\(Self.shares(table))")
            }
            if !table.unknownColumns.isEmpty {
                lines.append("     columns left alone: \(table.unknownColumns.joined(separator: ", "))")
            }
            lines += table.remarks.map { "     \($0)" }
        }
        lines += NeighbourLines.lines(survey)
        let new = survey.integrations
        lines.append(
            "📊 healthcare.integrations (WhatsApp): " + (new.isPresent ? "\(new.rowCount) records" : "not there"))
        if new.isPresent {
            lines.append("     ✅ With webhook_token: \(new.withTokenCount)")
            lines.append("     ❌ Without webhook_token: \(new.withoutTokenCount)")
        }
        if survey.clinicsTable == nil {
            lines.append("⚠️ no table of clinics can be read: no instance can be given a clinic")
        }
        return lines + ["", "Detailed Records:"]
    }

    private static func shares(_ table: LegacyTable) -> String {
        guard table.source.yieldsInstances else { return " (kept as they are)" }
        return table.keptRowCount == 0
            ? "" : " (\(table.instanceRowCount) of WhatsApp instances, \(table.keptRowCount) kept)"
    }

    private func lines(_ state: InstanceState) -> [String] {
        number += 1
        var lines = ["[\(number)] \(state.name)"]
        let legacy = state.legacyRows.map { "\($0.place) (\($0.status ?? "no status"))" }
        lines.append("    Legacy row:  \(legacy.isEmpty ? "none" : legacy.joined(separator: ", "))")
        if let becomes = state.becomes { lines.append("    Becomes:     \(becomes)") }
        let rows = state.integrations.map { row in
            "\(row.id) (\(row.status ?? "no status"), Enabled: \(GuideLayout.truth(row.isEnabled ?? false)))"
        }
        lines.append("    Integration: \(rows.isEmpty ? "none" : rows.joined(separator: ", "))")
        lines.append("    Clinic:      \((state.clinic.map { $0.name ?? $0.clinic.text } ?? "not decided").printable)")
        lines.append("    Token:       \(Self.token(state))")
        lines.append("    Evolution:   \(Self.words(state.evolutionWebhook))")
        lines.append(
            "    Traffic:     token route \(state.sightings.words(.token)), "
                + "legacy route \(state.sightings.words(.instance))")
        if let oldWay = state.sightings.oldWay { lines.append("    Old way:     \("\(oldWay)".printable)") }
        lines += state.notes.map { "    Note:        \($0)" }
        lines.append("    Next:        \(state.nextStep)")
        return lines
    }

    private func document(_ state: InstanceState) -> Instance {
        Instance(
            instanceName: state.name.text, legacyRows: state.legacyRows.map(\.place),
            integrationIDs: state.integrations.map(\.id.text), clinicID: state.clinic?.clinic.text,
            clinicName: state.clinic?.name, hasToken: Self.hasToken(state),
            evolutionWebhook: Self.word(state.evolutionWebhook), evolutionURL: Self.url(state.evolutionWebhook),
            lastTokenTraffic: state.sightings.lastSeen[.token]?.text,
            lastLegacyTraffic: state.sightings.lastSeen[.instance]?.text, oldWay: state.sightings.oldWay?.countsByWord,
            oldWayLast: state.sightings.oldWay?.last.rawValue, notes: state.notes.map(\.description),
            becomes: state.becomes, nextStep: state.nextStep.description)
    }

    private func document(_ report: CheckReport) -> Document {
        Document(
            analysis: report.analysis.rawValue, advice: report.analysis.advice, legacyInstances: report.legacy,
            migrated: report.migrated, needMigration: report.needMigration, needDecision: report.needDecision,
            withoutToken: report.withoutToken, onlyInNew: report.onlyInNew, toSwitchOver: report.toSwitchOver,
            waitingForEvent: report.waitingForEvent, done: report.done, resolvedDifferently: report.resolvedDifferently,
            tables: report.survey.tables.map { table in
                Table(
                    name: table.source.rawValue, state: table.state.rawValue, rows: table.rowCount,
                    instances: table.instanceRowCount, kept: table.keptRowCount,
                    unknownColumns: table.unknownColumns, remarks: table.remarks)
            },
            neighbours: report.survey.neighbours.map { neighbour in
                Neighbour(
                    name: neighbour.table.rawValue, state: neighbour.state.rawValue, rows: neighbour.rowCount,
                    instanceRows: neighbour.instanceRowCount,
                    instances: neighbour.instances.map {
                        .init(instanceName: $0.name.text, tokenFingerprint: $0.tokenFingerprint)
                    },
                    unknownColumns: neighbour.unknownColumns)
            },
            clinics: report.survey.clinicSettings.map { settings in
                Clinics(
                    table: report.survey.clinicsTable ?? "", rows: settings.rowCount,
                    namingInstance: settings.namingInstance, withSettings: settings.withSettings,
                    withNumber: settings.withNumber)
            },
            integrations: report.survey.integrations.rowCount, instances: instances)
    }

    private static func hasToken(_ state: InstanceState) -> Bool {
        state.integrations.contains { if case .present = $0.token { true } else { false } }
    }

    /// One word for each integration's token; the token itself is none of this report's business.
    private static func token(_ state: InstanceState) -> String {
        let words = state.integrations.map { row in
            switch row.token {
            case .noColumn: "none (the schema that brings tokens is not applied)"
            case .missing: "none"
            case .malformed: "malformed"
            case .present(let digest): "yes (fingerprint \(digest.fingerprint))"
            }
        }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    private static func words(_ webhook: InstanceState.EvolutionWebhook) -> String {
        switch webhook {
        case .notAsked: "not asked"
        case .posts(let url, .token): "posts to the token URL, \(url.printable)"
        case .posts(let url, .otherToken): "posts to a token URL that is not the current one, \(url.printable)"
        case .posts(let url, .old): "posts to the old URL, \(url.printable)"
        case .posts(let url, .elsewhere): "posts to another address, \(url.printable)"
        case .silent: "posts nothing: no webhook, or switched off"
        case .missing: "no configured server has it"
        case .onSeveralServers(let names): "on more than one server: \(names.joined(separator: ", ").printable)"
        case .unknown(let failure): "cannot be asked: \(failure)"
        }
    }

    private static func word(_ webhook: InstanceState.EvolutionWebhook) -> String {
        switch webhook {
        case .notAsked: "not asked"
        case .posts(_, let target): target.rawValue
        case .silent: "silent"
        case .missing: "missing"
        case .onSeveralServers: "on_several_servers"
        case .unknown: "unknown"
        }
    }

    private static func url(_ webhook: InstanceState.EvolutionWebhook) -> String? {
        if case .posts(let url, _) = webhook { url } else { nil }
    }

    private static func symbol(_ analysis: CheckAnalysis) -> String {
        switch analysis {
        case .needed, .partial, .newSystemIncomplete, .unknown: "⚠️"
        case .complete, .newSystemInUse: "✅"
        case .noInstances: "ℹ️"
        }
    }
}
