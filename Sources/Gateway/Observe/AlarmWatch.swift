package import HookgateCore
package import Logging
import Synchronization

/// Looks at readiness every few seconds, and tells somebody outside of what is not well.
///
/// Telling is far from the path of webhooks and from looking: what cannot be delivered is tried again a few times, and
/// what waits is bounded. After a restart what still holds is raised anew.
package final class AlarmWatch: Sendable {
    package struct Settings: Sendable {
        package var interval = Duration.seconds(5)
        /// Between the tries of one notice.
        package var retries: [Duration] = [.seconds(1), .seconds(5), .seconds(30), .seconds(120)]
        /// Notices that wait; the oldest are given up for newer ones.
        package var maximumWaiting = 100
        package var book = AlarmBook.Settings()

        package init() {}
    }

    private let sender: any AlarmSender
    private let settings: Settings
    private let clock: TimeSource
    private let time: MonotonicTime
    private let logger: Logger
    private let book: Mutex<AlarmBook>
    private let notices: AsyncStream<AlarmNotice>
    private let queue: AsyncStream<AlarmNotice>.Continuation
    private let ids = EventIDGenerator()
    private let delivered = Counter()
    private let undelivered = Counter()

    package init(
        sender: any AlarmSender, settings: Settings = Settings(),
        clock: TimeSource = .system, time: MonotonicTime = .system, logger: Logger
    ) {
        self.sender = sender
        self.settings = settings
        self.clock = clock
        self.time = time
        self.logger = logger
        self.book = Mutex(AlarmBook(settings.book))
        (self.notices, self.queue) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(settings.maximumWaiting))
    }

    /// Looks and tells until its task is cancelled.
    package func run(_ reporting: any GatewayReporting) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await notice in self.notices { await self.tell(notice) }
            }
            while (try? await self.time.sleep(for: self.settings.interval)) != nil { self.look(at: reporting) }
            group.cancelAll()
        }
    }

    /// One look.
    func look(at reporting: any GatewayReporting) {
        let alarms = reporting.readiness().alarms
        let now = self.clock.now
        for notice in self.book.withLock({ $0.observe(alarms, at: now) }) {
            if case .dropped = self.queue.yield(notice) { self.undelivered.add() }
        }
    }

    private func tell(_ notice: AlarmNotice) async {
        // The same for every try, so that the receiver knows a repetition.
        let id = "msg_\(self.ids.next(at: notice.at))"
        var pauses = self.settings.retries[...]
        while true {
            do {
                try await self.sender.send(notice, id: id)
                return self.delivered.add()
            } catch {
                guard let pause = pauses.popFirst() else {
                    self.undelivered.add()
                    return self.logger.error(
                        "❌ an alarm could not be delivered",
                        metadata: ["alarm": "\(notice.alarm.name)", "reason": "\(error)"])
                }
                guard (try? await self.time.sleep(for: pause)) != nil else { return }
            }
        }
    }

    /// For `/metrics`.
    package func samples() -> [MetricSample] {
        [("delivered", self.delivered), ("undelivered", self.undelivered)].map { outcome, counter in
            MetricSample(
                "hookgate_alarm_notices_total", .counter,
                help: "Notices for HOOKGATE_ALERT_URL, by what became of them.", labels: [.init("outcome", outcome)],
                value: Double(counter.count))
        }
    }
}
