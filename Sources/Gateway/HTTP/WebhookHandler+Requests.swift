import HookgateCore
import NIOCore
import NIOHTTP1

/// One request after the other: what its head says, its body as it comes, and what is refused before the intake sees it.
extension WebhookHandler {
    func enqueue(_ part: HTTPServerRequestPart) {
        guard self.backlog.count < self.service.limits.backlogParts else {
            // More pipelined at once than any webhook sender does: what was taken is answered, the rest is not.
            self.isBacklogCut = true
            return
        }
        self.backlog.append(part)
    }

    /// Goes on after an answer that came later.
    func handleBacklog() {
        while let part = self.backlog.first {
            if self.isBusy { return }
            self.backlog.removeFirst()
            self.handle(part)
        }
        if self.isBusy { return }
        if self.isBacklogCut { return self.close() }
        if let failure = self.protocolFailure {
            self.protocolFailure = nil
            self.fail(failure)
        }
        self.readAgainIfWithheld()
    }

    func readAgainIfWithheld() {
        guard self.isReadWithheld, self.backlog.isEmpty, !self.isBodyPaused, let context, context.channel.isWritable
        else { return }
        self.isReadWithheld = false
        context.read()
    }

    func handle(_ part: HTTPServerRequestPart) {
        self.isHandling = true
        defer { self.isHandling = false }
        switch (self.phase, part) {
        case (.idle, .head(let head)): self.begin(head)
        case (.receiving(let reception), .body(let bytes)): self.collect(bytes, reception)
        case (.receiving(let reception), .end):
            self.request.isBodyComplete = true
            if self.long == nil { self.submit(reception) } else { self.submitLong(reception) }
        case (.hosting, .body(let bytes)): self.collectForConsole(bytes)
        case (.hosting(let reception), .end):
            self.request.isBodyComplete = true
            self.attend(reception)
        case (.discarding(let refused), .end):
            self.request.isBodyComplete = true
            self.answer(refused.answer, refused.outcome)
        case (.draining(let left), .body(let bytes)):
            self.phase = .draining(bytesLeft: left - bytes.readableBytes)
            if left < bytes.readableBytes { self.close() }
        case (.draining, .end): self.close()
        default: break
        }
    }

    func begin(_ head: HTTPRequestHead) {
        self.hasPartialHead = false
        let facts = RequestFacts(head)
        self.request = Request(
            isHead: head.method == .HEAD, isHTTP10: head.version.minor == 0,
            keepsAlive: head.isKeepAlive && !facts.wantsUpgrade && self.admission == .admitted,
            announcedByteCount: facts.contentLength, begun: self.now)
        let endpoint = Endpoint(method: head.method, target: head.uri)
        if case .media(let link) = endpoint { return self.serveMedia(link, facts) }
        guard case .webhook(let address) = endpoint, self.service.surface.hasWebhooks else {
            if self.service.leavesToConsole(endpoint) { return self.receiveForConsole(head, facts) }
            let outcome: RequestOutcome =
                switch endpoint {
                case .methodNotAllowed: .methodNotAllowed
                case .nothing: .notFound
                default: .served
                }
            self.refuse(self.service.answer(to: endpoint), outcome, facts)
            return
        }
        self.request.route = address.route
        guard self.admission == .admitted else {
            self.refuse(self.overloaded("Too many connections are open."), .overloaded, facts)
            return
        }
        self.receive(address, facts, head.headers)
    }

    func receive(_ address: WebhookAddress, _ facts: RequestFacts, _ headers: HTTPHeaders) {
        let limits = self.service.limits
        let intake = self.service.intake
        guard let key = intake.key(for: address) else {
            intake.refused(.unknown, address, nil)
            self.refuse(.unknown, .unknown, facts)
            return
        }
        if facts.isEncoded {
            intake.refused(.encoded, address, key)
            self.refuse(.encodedBody, .encoded, facts)
        } else if let length = facts.contentLength, length > limits.bodyBytes {
            intake.refused(.tooLarge, address, key)
            self.refuse(.tooLarge(limit: limits.bodyBytes), .tooLarge, facts)
        } else if !facts.bodyIsAtMost(limits.smallBodyBytes), let refusal = intake.refusal(for: key) {
            intake.refused(refusal.outcome == .revoked ? .revoked : .unknown, address, key)
            self.refuse(Answer(refusal, retryAfterSeconds: limits.retryAfterSeconds), refusal.outcome, facts)
        } else if let lease = self.service.tenants.begin(self.service.intake.tenant(of: key)) {
            // No more than this on the sender's word alone; longer bodies grow as they come.
            self.body.reserveCapacity(min(facts.contentLength ?? 0, limits.smallBodyBytes))
            self.phase = .receiving(
                Reception(
                    address: address, key: key, probeHeader: facts.probeHeader, headers: headers,
                    signature: self.service.intake.secondFactor.signature(headers), lease: lease))
            if facts.expectsContinue { self.write(AnswerWriter.continueBytes) }
        } else {
            intake.refused(.notStored, address, key)
            let answer = self.overloaded("Too many webhooks of this integration are in progress.")
            self.refuse(answer, .tenantOverloaded, facts)
        }
    }

    /// Answers without reading a body: after it when it is short, before it (and then for the last time) when not.
    func refuse(_ answer: Answer, _ outcome: RequestOutcome, _ facts: RequestFacts) {
        if facts.bodyIsAtMost(self.service.limits.smallBodyBytes) && !facts.expectsContinue {
            self.phase = .discarding(Refused(answer: answer, outcome: outcome))
        } else {
            self.request.keepsAlive = false
            self.answer(answer, outcome)
        }
    }

    func collect(_ bytes: ByteBuffer, _ reception: Reception) {
        let limits = self.service.limits
        let count = bytes.readableBytes
        let received = self.request.bodyByteCount + count
        let refused: Refused?
        if received > limits.bodyBytes {
            refused = Refused(answer: .tooLarge(limit: limits.bodyBytes), outcome: .tooLarge)
        } else if !reception.lease.take(count) {
            let answer = self.overloaded("Too many bytes of this integration are being received.")
            refused = Refused(answer: answer, outcome: .tenantOverloaded)
        } else if !self.service.budget.take(count, ofLongBody: received > limits.smallBodyBytes) {
            refused = Refused(answer: self.overloaded("Too many bodies are being received."), outcome: .overloaded)
        } else {
            refused = nil
        }
        if let refused {
            let reason: RefusalReason = refused.outcome == .tooLarge ? .tooLarge : .notStored
            self.service.intake.refused(reason, reception.address, reception.key)
            self.dropBody()
            self.request.keepsAlive = false
            self.answer(refused.answer, refused.outcome)
            return
        }
        self.request.bodyByteCount = received
        bytes.withUnsafeReadableBytes { self.body.append(contentsOf: $0) }
        self.beginLongBody(reception)
        self.writeLongBody()
    }

    func dropBody() {
        if case .hosting = self.phase { return self.leaveConsole() }
        self.service.budget.give(self.body.count)
        self.body = []
        self.long = nil
        if case .receiving(let reception) = self.phase { reception.lease.end() }
    }
}
