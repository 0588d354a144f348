import HookgateCore

/// The lines of `check` on data beside the old system: the clinics' own columns, other products, patients.
enum NeighbourLines {
    static func lines(_ survey: LegacySurvey) -> [String] {
        clinicLines(survey) + survey.neighbours.filter { $0.state != .absent }.flatMap(lines)
            + absentLines(survey.neighbours)
    }

    private static func clinicLines(_ survey: LegacySurvey) -> [String] {
        guard let table = survey.clinicsTable, let settings = survey.clinicSettings else { return [] }
        let parts = [
            settings.namingInstance.map { "\($0) name an instance in whatsapp_config" },
            settings.withNumber.map { "\($0) have a whatsapp_number" },
            settings.withSettings.map { "\($0) have whatsapp_settings" },
        ].compactMap(\.self)
        return ["📊 \(table): \(settings.rowCount) records"]
            + (parts.isEmpty ? [] : ["     \(parts.joined(separator: ", "))"])
    }

    private static func lines(_ report: NeighbourReport) -> [String] {
        let name = report.table.rawValue
        if report.state == .unreadable {
            return ["   \(name): there, but this role may not read it; nothing of it is migrated"]
        }
        if report.table.holdsPatients {
            return ["📊 \(name): \(report.rowCount) records (patients' data: counted only)"]
        }
        var lines = ["📊 \(name): \(report.rowCount) records (another product's: never written)"]
        lines += report.instances.map { instance in
            let token = instance.tokenFingerprint.map { "token (fingerprint \($0))" } ?? "no token"
            return "     instance \(instance.name), \(token)"
        }
        let rest = report.instanceRowCount - report.instances.count
        if rest > 0 { lines.append("     and \(rest) more instances") }
        if !report.unknownColumns.isEmpty {
            lines.append("     columns left alone: \(report.unknownColumns.joined(separator: ", "))")
        }
        return lines
    }

    /// On one line: most fleets have none of them.
    private static func absentLines(_ reports: [NeighbourReport]) -> [String] {
        let names = reports.filter { $0.state == .absent }.map(\.table.rawValue)
        return names.isEmpty ? [] : ["   not there: \(names.joined(separator: ", "))"]
    }
}
