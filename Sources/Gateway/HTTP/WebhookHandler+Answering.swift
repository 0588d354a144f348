import HookgateCore
import NIOCore

/// Answers, and how a connection lives on or ends with them.
extension WebhookHandler {
    func answer(_ answer: Answer, _ outcome: RequestOutcome) {
        guard let context else { return }
        var answer = answer
        if self.request.route == .instance { answer.headers += self.service.legacyRoute.headers }
        let lives = self.request.keepsAlive && self.request.isBodyComplete && !self.endsLast
        let buffer = self.service.writer.response(
            answer, lives ? (self.request.isHTTP10 ? .keepAliveHTTP10 : .keepAlive) : .close,
            isHead: self.request.isHead)
        self.count(outcome)
        if lives {
            self.phase = .idle
            self.setDeadline(self.service.limits.idleTime)
            self.write(buffer)
        } else {
            self.answerLast(buffer, context)
        }
    }

    /// Whether nothing will be answered after the request in hand.
    var endsLast: Bool { self.endsAfterAnswer && self.backlog.isEmpty }

    func answerLast(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        self.backlog.removeAll()
        guard self.request.isBodyComplete else {
            self.phase = .draining(bytesLeft: self.service.limits.drainBytes)
            self.setDeadline(self.service.limits.drainTime)
            context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
            self.readAgainIfWithheld()
            return
        }
        self.phase = .draining(bytesLeft: 0)
        self.setDeadline(self.service.limits.drainTime)
        // Closing before the write is done would take the answer back.
        context.writeAndFlush(self.wrapOutboundOut(buffer)).assumeIsolated().whenComplete { _ in self.close() }
    }

    func write(_ buffer: ByteBuffer) {
        guard let context else { return }
        context.write(self.wrapOutboundOut(buffer), promise: nil)
        if self.isInRead {
            self.needsFlush = true
        } else {
            context.flush()
        }
    }

    func close() {
        guard let context else { return }
        self.ended()
        context.close(promise: nil)
    }

    func overloaded(_ detail: String) -> Answer {
        .unavailable(detail, retryAfterSeconds: self.service.limits.retryAfterSeconds)
    }

    func count(_ outcome: RequestOutcome) {
        self.service.metrics.finished(
            self.request.route, outcome, nanoseconds: (self.now - self.request.begun).nanoseconds)
    }
}
