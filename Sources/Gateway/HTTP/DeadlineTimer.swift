import NIOCore

/// A connection's one deadline, moved with every request without touching the loop's timers each time.
///
/// Later deadlines only change a number: the timer that is set fires early, sees it and sets itself anew. So a busy
/// connection costs a timer every few seconds, not one a request.
struct DeadlineTimer {
    private var deadline: NIODeadline?
    private var scheduled: (timer: Scheduled<Void>, at: NIODeadline)?

    /// Sets the deadline; `fire` must lead to ``fired(now:on:fire:)``.
    mutating func set(_ deadline: NIODeadline, on loop: any EventLoop, fire: @escaping @Sendable () -> Void) {
        self.deadline = deadline
        if let scheduled, scheduled.at <= deadline { return }
        self.scheduled?.timer.cancel()
        self.scheduled = (loop.scheduleTask(deadline: deadline, fire), deadline)
    }

    /// No deadline until the next one is set.
    mutating func clear() {
        self.deadline = nil
    }

    mutating func cancel() {
        self.deadline = nil
        self.scheduled?.timer.cancel()
        self.scheduled = nil
    }

    /// True when the deadline has really passed.
    mutating func fired(now: NIODeadline, on loop: any EventLoop, fire: @escaping @Sendable () -> Void) -> Bool {
        self.scheduled = nil
        guard let deadline else { return false }
        guard deadline > now else {
            self.deadline = nil
            return true
        }
        self.scheduled = (loop.scheduleTask(deadline: deadline, fire), deadline)
        return false
    }
}
