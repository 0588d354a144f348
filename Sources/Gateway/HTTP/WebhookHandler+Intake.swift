import HookgateCore
import NIOCore
import NIOPosix

/// A whole webhook on its way to the intake, and the result that comes back.
extension WebhookHandler {
    func submit(_ reception: Reception) {
        guard let context else { return }
        self.requestNumber += 1
        let number = self.requestNumber
        self.phase = .working(number)
        self.request.submitted = self.now
        let service = self.service
        let size = self.body.count
        let webhook = InboundWebhook(
            address: reception.address, key: reception.key, probeHeader: reception.probeHeader,
            headers: reception.headers, signature: reception.signature, body: .bytes(self.body))
        // Its bytes now belong to the intake, which gives them back to the budget.
        self.body = []
        service.metrics.bodyBytes.add(size)
        let waiting = WaitingAnswer(self, number, context.eventLoop, byteCount: size, lease: reception.lease)
        if size < service.limits.offLoopBodyBytes {
            service.intake.receive(webhook, at: self.place) { waiting.end($0) }
        } else {
            // A long scan would stall every connection of this loop.
            NIOThreadPool.singleton.submit { state in
                guard state == .active else { return waiting.end(.notStored(.closed)) }
                service.intake.receive(webhook) { waiting.end($0) }
            }
        }
    }

    /// A request whose result is to come, from whatever thread. An object, because a closure that holds nothing else
    /// needs no memory, and is made anew wherever it is handed on.
    private final class WaitingAnswer: Sendable {
        private let handler: NIOLoopBound<WebhookHandler>
        private let number: UInt64
        private let loop: any EventLoop
        private let budget: ByteBudget
        private let byteCount: Int
        private let lease: TenantLease

        init(
            _ handler: WebhookHandler, _ number: UInt64, _ loop: any EventLoop, byteCount: Int, lease: TenantLease
        ) {
            self.handler = NIOLoopBound(handler, eventLoop: loop)
            self.number = number
            self.loop = loop
            self.budget = handler.service.budget
            self.byteCount = byteCount
            self.lease = lease
        }

        func end(_ result: IntakeResult) {
            self.budget.give(self.byteCount)
            self.lease.end()
            if self.loop.inEventLoop {
                self.handler.value.finished(self.number, result)
            } else {
                self.loop.execute { self.handler.value.finished(self.number, result) }
            }
        }
    }

    func finished(_ number: UInt64, _ result: IntakeResult) {
        guard case .working(number) = self.phase else {
            if result.isStored { self.service.metrics.lateStores.add() }
            return
        }
        self.answer(Answer(result, retryAfterSeconds: self.service.limits.retryAfterSeconds), result.outcome)
        if !self.isHandling { self.handleBacklog() }
    }
}

extension IntakeResult {
    fileprivate var isStored: Bool {
        switch self {
        case .stored, .quarantined, .undecided, .probe: true
        case .malformed, .refused, .notStored, .quarantineFull: false
        }
    }

    var outcome: RequestOutcome {
        switch self {
        case .stored: .stored
        case .quarantined: .quarantined
        case .undecided: .undecided
        case .probe: .probe
        case .malformed: .malformed
        case .refused(.revoked): .revoked
        case .refused(.unknown): .unknown
        case .notStored: .storeFailed
        case .quarantineFull: .quarantineFull
        }
    }
}
