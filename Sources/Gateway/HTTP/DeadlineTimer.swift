import NIOCore

/// A connection's one deadline, moved with every request without touching the loop's timers each time.
///
/// Later deadlines only change a number: the timer that is set fires early, sees it and sets itself anew. So a busy
/// connection costs a timer every few seconds, not one a request.
struct DeadlineTimer {
    private var deadline: NIODeadline?
    private var scheduled: (timer: Scheduled<Void>, at: NIODeadline)?

    /// Sets the deadline. True when no timer fires by then: ``schedule(on:fire:)`` must follow.
    mutating func set(_ deadline: NIODeadline) -> Bool {
        self.deadline = deadline
        guard let scheduled else { return true }
        return scheduled.at > deadline
    }

    /// Sets a timer for the deadline; `fire` must lead to ``fired(now:)``.
    mutating func schedule(on loop: any EventLoop, fire: @escaping @Sendable () -> Void) {
        guard let deadline else { return }
        self.scheduled?.timer.cancel()
        self.scheduled = (loop.scheduleTask(deadline: deadline, fire), deadline)
    }

    mutating func cancel() {
        self.deadline = nil
        self.scheduled?.timer.cancel()
        self.scheduled = nil
    }

    /// True when the deadline has really passed; when not, ``schedule(on:fire:)`` must follow.
    mutating func fired(now: NIODeadline) -> Bool {
        self.scheduled = nil
        guard let deadline, deadline <= now else { return false }
        self.deadline = nil
        return true
    }
}
