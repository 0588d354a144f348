import ArgumentParser
import Fleet
import HookgateCore
import Store

/// `hookgate doctor`: the guide's "Common Migration Issues", and every trace that the old system's defects leave.
struct DoctorCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what the old system left wrong, and say what to do about it.",
        discussion: """
            Reads only (and notes how often it scanned the legacy tables), and works before any schema of ours is there. \
            With --old-url it also posts a signed probe to an instance's old URL there. With --fix it shows what it would repair; with \
            --fix --yes it repairs what needs no decision, and notes it in hookgate.audit_log. Exit code 3 when \
            something is left to do or to decide, or cannot be told.

            Examples:
              hookgate doctor
              hookgate doctor --check duplicate-instances --check old-route-traffic
              hookgate doctor --check old-route-arrives --old-url https://old.example.org
              hookgate doctor --fix
              hookgate doctor --fix --yes
            """
    )

    private static let mostListed = 10_000

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Show what can be repaired without a decision, row by row.")
    var fix = false

    @Flag(help: "With --fix: repair it.")
    var yes = false

    @Option(name: .customLong("check"), help: ArgumentHelp("Only this check; may be given again.", valueName: "id"))
    var only: [String] = []

    @Option(
        name: .customLong("old-url"),
        help: ArgumentHelp(
            "Post a probe to an old URL there: what stands before /webhooks/evolution/INSTANCE. With --check "
                + "old-route-arrives alone, the public URL.", valueName: "base"))
    var oldURL: String?

    @Flag(help: "List the checks, and what each is about.")
    var list = false

    @Option(help: "How many things of a kind are listed; all are counted.")
    var limit = 10

    func validate() throws {
        if yes, !fix { throw ValidationError("--yes goes with --fix.") }
        guard (1...Self.mostListed).contains(limit) else {
            throw ValidationError("--limit is a number from 1 to \(Self.mostListed).")
        }
        _ = try checks()
    }

    func perform() async throws -> ExitStatus {
        let checks = try checks()
        if list {
            try DoctorPrinter.list(checks, isJSON: global.json)
            return .done
        }
        let configuration = try global.configuration()
        return try await Database.use(configuration) { database in
            let printer = DoctorPrinter(isJSON: global.json, mode: mode)
            let doctor = database.doctor(
                publicURL: configuration.statedPublicURL, oldURL: try oldURL(configuration))
            if mode == .repair { try await doctor.repair(checks, limit: limit) { printer.print($0) } }
            let report = try await doctor.diagnose(checks, limit: limit) { printer.print($0) }
            if mode == .preview { try await doctor.preview(checks, limit: limit) { printer.print($0) } }
            try printer.finish(report)
            return report.needsAttention || printer.wouldChange ? .attention : .done
        }
    }

    /// Where a probe goes; nil where nobody asks for one.
    private func oldURL(_ configuration: Configuration) throws -> PublicURL? {
        guard let oldURL else {
            return only.contains(DoctorCheck.oldRouteArrives.rawValue) ? configuration.publicURL : nil
        }
        do throws(PublicURL.Flaw) {
            return try PublicURL(oldURL)
        } catch {
            throw CommandFailure("--old-url '\(oldURL)' cannot be asked: \(error).", status: .wrongUsage)
        }
    }

    private var mode: DoctorPrinter.Mode {
        fix ? (yes ? .repair : .preview) : .diagnosis
    }

    /// The checks asked for, in the order in which they run.
    private func checks() throws -> [DoctorCheck] {
        let known = DoctorCheck.allCases
        guard !only.isEmpty else { return known }
        let wanted = try only.map { id in
            guard let check = DoctorCheck(rawValue: id) else {
                let nearest = Nearest.match(for: id, among: known.map(\.rawValue))
                throw ValidationError(
                    "There is no check '\(id)'." + (nearest.map { " Did you mean \($0)?" } ?? "")
                        + " `hookgate doctor --list` names them.")
            }
            return check
        }
        return known.filter(wanted.contains)
    }
}

extension Database {
    /// - Parameter oldURL: where a probe is sent to; nil for none.
    func doctor(publicURL: PublicURL?, oldURL: PublicURL? = nil) -> Doctor {
        let stored = PostgresDoctorEvidence(pool: pool, directURL: directURL, publicHost: publicURL?.host)
        let probe = Probe(
            routing: routing, catalog: catalog, sender: HTTPProbeSender(), evidence: PostgresProbeEvidence(pool: pool),
            time: time)
        let evidence: any DoctorEvidenceSource =
            if let oldURL { OldRouteEvidence(database: stored, probe: probe, base: oldURL) } else { stored }
        return Doctor(
            evidence: evidence, repairs: PostgresDoctorRepairs(pool: pool, directURL: directURL), time: time)
    }
}

extension PublicURL {
    /// Host and port, as they stand in a URL.
    fileprivate var host: String {
        let authority = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        return String(authority.split(separator: "@").last ?? "")
    }
}
