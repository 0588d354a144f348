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
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        let completion: @Sendable (IntakeResult) -> Void = { result in
            service.budget.give(size)
            reception.lease.end()
            if loop.inEventLoop {
                handler.value.finished(number, result)
            } else {
                loop.execute { handler.value.finished(number, result) }
            }
        }
        if size < service.limits.offLoopBodyBytes {
            service.intake.receive(webhook, completion)
        } else {
            // A long scan would stall every connection of this loop.
            NIOThreadPool.singleton.submit { state in
                guard state == .active else { return completion(.notStored(.closed)) }
                service.intake.receive(webhook, completion)
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
