import FoundationEssentials
import HookgateCore

/// The webhooks at Evolution over the API: what `hookgate webhooks` does.
enum WebhookAPI {
    private static let mostListed = 1_000

    static func routes(_ desk: WorkDesk) -> [Route] {
        [
            Route(.get, "/api/v1/webhooks", .needs(.viewer), api: look) { _ in
                try .json(WorkAnswer(desk.look.standing, Look.init))
            },
            Route(.post, "/api/v1/webhooks/look", .needs(.operator), api: beginLook) { visit in
                try SwitchOverDeeds.look(visit, desk)
                return try .json(WorkAnswer(desk.look.standing, Look.init), status: 202)
            },
            Route(.get, "/api/v1/webhooks/work", .needs(.viewer), api: work) { _ in
                try await answer(desk)
            },
            Route(.post, "/api/v1/webhooks/switch", .needs(.operator), api: switchOver) { visit in
                try await begin(visit, desk, .switchOver)
            },
            Route(.post, "/api/v1/webhooks/rollback", .needs(.operator), api: rollback) { visit in
                try await begin(visit, desk, .rollBack)
            },
            Route(.post, "/api/v1/webhooks/pause", .needs(.operator), api: pause) { _ in
                try await desk.switchOver.stop()
                return try await answer(desk, status: 202)
            },
        ]
    }

    /// Unless it says otherwise, a dry run.
    private static func begin(_ visit: Visit, _ desk: WorkDesk, _ deed: SwitchOverRequest.Deed) async throws -> Reply {
        let wish = try APIBody.read(Wish.self, visit.request)
        let request = try wish.request(deed)
        let goesOnWith = deed == .switchOver ? request.run : nil
        try await SwitchOverDeeds.begin(visit, desk, request, run: goesOnWith ?? RunID(UUID()))
        return try await answer(desk, status: 202)
    }

    private static func answer(_ desk: WorkDesk, status: Int = 200) async throws -> Reply {
        try .json(WorkAnswer(try await desk.switchOver.standing(), Work.init), status: status)
    }

    private struct Wish: Decodable {
        let dryRun: Bool?
        let instances: [String]?
        let run: String?
        let canaryPercent: Double?
        let pace: Double?
        let waitMinutes: Int?
        let replaceOther: Bool?
        let secondFactor: String?
        let rehearsal: Bool?

        func request(_ deed: SwitchOverRequest.Deed) throws(ConsoleError) -> SwitchOverRequest {
            var request = SwitchOverRequest(deed: deed)
            if let instances {
                guard instances.count <= SwitchOverDeeds.mostNames, instances.allSatisfy({ !$0.utf8.contains(0) })
                else {
                    throw .badRequest("instances has at most \(SwitchOverDeeds.mostNames) names.")
                }
                request.names = instances.map { InstanceName($0) }
            }
            if let run {
                guard let id = RunID(run) else { throw .badRequest("run is not a run's id.") }
                request.run = id
            }
            request.options.isDryRun = dryRun ?? true
            request.options.replacesOther = replaceOther ?? false
            request.isRehearsal = rehearsal ?? false
            if let percent = canaryPercent {
                guard (0...100).contains(percent) else { throw .badRequest("canary_percent is from 0 to 100.") }
                request.options.canaryShare = percent / 100
            }
            if let pace {
                guard SwitchOverFields.paces.contains(pace) else { throw .badRequest("pace is from 0.01 to 100.") }
                request.options.pace = pace
            }
            if let minutes = waitMinutes {
                guard SwitchOverFields.waits.contains(minutes) else {
                    throw .badRequest("wait_minutes is up to a day.")
                }
                request.options.eventWait = .seconds(minutes * 60)
            }
            if let secondFactor {
                guard let choice = SecondFactorChoice(rawValue: secondFactor) else {
                    throw .badRequest("second_factor is policy, none, header, jwt or both.")
                }
                request.options.secondFactor = choice
            }
            return request
        }
    }

    private struct Look: Encodable {
        struct Instance: Encodable {
            let instanceName: String
            let server: String?
            let finding: String
            let meaning: String
            let remedy: String?
            let switchOver: String?
        }

        struct Failure: Encodable {
            let server: String
            let error: String
        }

        let counts: [String: Int]
        let failures: [Failure]
        /// Those that are not as they should be.
        let instances: [Instance]

        init(_ look: WebhookLook) {
            self.counts = look.counts
            self.failures = look.failures.map { Failure(server: $0.server, error: $0.why) }
            self.instances = look.standings.lazy.filter { !$0.finding.isWell }.prefix(WebhookAPI.mostListed).map {
                standing in
                Instance(
                    instanceName: standing.instance.text, server: standing.server, finding: standing.finding.word,
                    meaning: standing.finding.meaning, remedy: standing.finding.remedy(for: standing.instance),
                    switchOver: standing.switchOver?.rawValue)
            }
        }
    }

    private struct Work: Encodable {
        struct Instance: Encodable {
            let instanceName: String
            let outcome: String
            let meaning: String
        }

        let deed: String
        let isDryRun: Bool
        let run: String
        let total: Int?
        let waiting: Int
        let counts: [String: Int]
        let isStoppedByRule: Bool
        /// Those that a person should look at first.
        let instances: [Instance]

        init(_ report: SwitchOverReport) {
            self.deed = report.request.deed == .switchOver ? "switch" : "rollback"
            self.isDryRun = report.request.options.isDryRun
            self.run = report.run.text
            self.total = report.total
            self.waiting = report.waiting
            self.counts = report.counts.filter { $0.value > 0 }
            self.isStoppedByRule = report.stop != nil
            self.instances = report.listed.prefix(WebhookAPI.mostListed).map { name, instance in
                Instance(
                    instanceName: name.text, outcome: instance.word, meaning: instance.meaning)
            }
        }
    }
}

extension WebhookAPI {
    private static let looked = Schema.work(
        .object([
            ("counts", .counts), ("failures", .list(.object([("server", .text), ("error", .text)]))),
            (
                "instances",
                .list(
                    .object([
                        ("instance_name", .text), ("server", .text), ("finding", .text), ("meaning", .text),
                        ("remedy", .text), ("switch_over", .text),
                    ]))
            ),
        ]))

    private static let worked = Schema.work(
        .object([
            ("deed", .words(["switch", "rollback"])), ("is_dry_run", .boolean), ("run", .uuid), ("total", .integer(0)),
            ("waiting", .integer(0)), ("counts", .counts), ("is_stopped_by_rule", .boolean),
            (
                "instances",
                .list(.object([("instance_name", .text), ("outcome", .text), ("meaning", .text)]))
            ),
        ]))

    private static let look = APIOperation("Show what Evolution said when it was asked last", answer: looked)

    private static let beginLook = APIOperation(
        "Begin to ask Evolution about every webhook; reads only", answer: looked, status: 202, problems: [409, 422])

    private static let work = APIOperation("Show the latest switch-over or rollback, as far as it is", answer: worked)

    private static let switchOver = APIOperation(
        "Begin to point instances at their token URLs, or go on with a run; a dry run unless dry_run is false",
        body: .object([
            ("dry_run", .boolean), ("instances", .list(.text)), ("canary_percent", .number), ("pace", .number),
            ("wait_minutes", .integer(0, 1_440)), ("replace_other", .boolean),
            ("second_factor", .words(SecondFactorChoice.allCases.map(\.rawValue))), ("rehearsal", .boolean),
            ("run", .uuid),
        ]), answer: worked, status: 202, problems: [409, 422])

    private static let rollback = APIOperation(
        "Begin to put back what stood at Evolution before; a dry run unless dry_run is false",
        body: .object([("dry_run", .boolean), ("instances", .list(.text)), ("run", .uuid)]), answer: worked,
        status: 202, problems: [409, 422])

    private static let pause = APIOperation(
        "Ask what is under way to leave off; the same request with its run goes on from there", answer: worked,
        status: 202)
}
