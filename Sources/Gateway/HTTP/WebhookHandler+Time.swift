import NIOCore

/// The deadlines of a connection: one timer, whatever it waits for.
extension WebhookHandler {
    var now: NIODeadline { self.context?.eventLoop.now ?? self.request.begun }

    func setDeadline(_ time: TimeAmount) {
        self.setDeadline(at: self.now + time)
    }

    func setDeadline(at deadline: NIODeadline) {
        if self.timer.set(deadline) { self.scheduleTimer() }
    }

    func scheduleTimer() {
        guard let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.timer.schedule(on: context.eventLoop) { handler.value.timerFired() }
    }

    func timerFired() {
        guard self.context != nil else { return }
        guard self.timer.fired(now: self.now) else { return self.scheduleTimer() }
        switch self.phase {
        case .idle where self.hasPartialHead:
            self.fail(Refused(answer: .tooSlow, outcome: .timedOut))
        case .receiving, .discarding, .hosting:
            self.fail(Refused(answer: .tooSlow, outcome: .timedOut))
        case .working:
            // A result that comes later is no longer waited for: it is stored all the same, and the sender
            // may send it again: rather twice than not at all.
            self.dropBody()
            self.answer(self.overloaded("Storing takes too long. Try again."), .storeFailed)
            self.handleBacklog()
        case .attending where !self.isStreaming:
            self.leaveConsole()
            self.answer(self.overloaded("This takes too long. Try again."), .timedOut)
            self.handleBacklog()
        case .idle, .attending, .draining, .closed:
            self.close()
        }
    }
}
