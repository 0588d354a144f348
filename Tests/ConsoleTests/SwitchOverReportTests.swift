import FoundationEssentials
import HookgateCore
import Testing

@testable import Console

/// What of a switch-over is written down for other replicas.
struct SwitchOverReportTests {
    private static func report(of count: Int) -> SwitchOverReport {
        var report = SwitchOverReport(SwitchOverRequest(), run: RunID(UUID()))
        report.take(.began(total: count))
        for number in 0..<count {
            let target = SwitchOverTarget(
                instance: InstanceName("clinic-\(number)"), integrationID: IntegrationID(UUID()), title: "Clinic",
                token: WebhookToken(randomBytes: Array(repeating: 7, count: WebhookToken.randomByteCount)))
            report.take(target, number.isMultiple(of: 100) ? .notTaken : .configured)
            if !number.isMultiple(of: 100) { report.take(target, .confirmed) }
        }
        report.take(.stopped(failures: 3, of: count))
        return report
    }

    @Test func aFleetOfAnySizeIsWrittenInLittle() throws {
        let report = Self.report(of: 20_000)
        let text = try WorkText.write(SwitchOverJob.summary(of: report))
        #expect(text.utf8.count < 100_000)
        #expect(!text.contains(WebhookToken(randomBytes: Array(repeating: 7, count: 32)).secretText))
        let summary = try #require(WorkText.read(SwitchOverReport.Summary.self, text))
        let job = SwitchOverJob(request: report.request, run: report.run)
        let read = job.report(summary)
        #expect(read.counts == ["confirmed": 19_800, "not_taken": 200])
        #expect(read.done == 20_000 && read.total == 20_000 && read.stop?.count == 3)
        // Those that a person should look at come first.
        #expect(read.listed.count == SwitchOverReport.mostWritten)
        #expect(read.listed.prefix(200).allSatisfy { $0.instance.word == "not_taken" })
    }

    @Test func whatWasAskedForIsReadAsItWasWritten() throws {
        var request = SwitchOverRequest(deed: .switchOver)
        request.names = [InstanceName("clinic-a")]
        request.options.canaryShare = 0.05
        request.options.eventWait = .seconds(90)
        request.options.secondFactor = .both
        request.isRehearsal = true
        let job = SwitchOverJob(request: request, run: RunID(UUID()))
        let read = try #require(WorkText.read(SwitchOverJob.self, try WorkText.write(job)))
        #expect(read.run == job.run && read.request.names == request.names && read.request.isRehearsal)
        #expect(read.request.options.eventWait == .seconds(90) && read.request.options.secondFactor == .both)
        #expect(read.request.options.canaryShare == 0.05)
    }
}
