import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// One connection's HTTP: takes requests one at a time, in order, and answers each before the next is begun.
///
/// It stands behind NIOHTTP1's request decoder and writes responses as bytes, so it needs no encoder. The phases:
///
///     idle ──head──▶ receiving ──end──▶ working ──result──▶ idle
///       └──head────▶ discarding ──end─────────answer──────▶ idle        (refused, small body)
///     any  ──answer that ends the connection──▶ draining ──end, bytes or time──▶ closed
///
/// Parts that come while a request is being worked on wait in a bounded backlog, and while there is one, nothing
/// more is read from the socket.
final class WebhookHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case receiving(Reception)
        /// The body is read to its end, then this is said and the connection lives on.
        case discarding(Refused)
        /// The intake has the webhook; its result carries this number.
        case working(UInt64)
        /// The last answer is given; what still comes is thrown away, so that the sender gets to read it.
        case draining(bytesLeft: Int)
        case closed
    }

    private struct Reception {
        let address: WebhookAddress
        let key: RoutingKey
        let probeHeader: String?
    }

    private struct Refused {
        let answer: Answer
        let outcome: RequestOutcome
    }

    /// The request that is being read or answered.
    private struct Request {
        var route: Route?
        var isHead = false
        var isHTTP10 = false
        var keepsAlive = true
        var isBodyComplete = false
        var begun = NIODeadline.uptimeNanoseconds(0)
    }

    private let service: WebhookService
    private let admission: ConnectionRegistry.Admission
    private var context: ChannelHandlerContext?
    private var phase = Phase.idle
    /// The body so far; apart from the phase, so that it grows in place.
    private var body: [UInt8] = []
    private var request = Request()
    private var requestNumber: UInt64 = 0
    private var backlog = CircularBuffer<HTTPServerRequestPart>()
    private var isBacklogCut = false
    private var isReadWithheld = false
    /// The connection ends with the answer in hand: shutdown, the sender's half is closed.
    private var endsAfterAnswer = false
    /// The decoder gave up; said after the answers before it.
    private var protocolFailure: Refused?
    private var isInRead = false
    private var needsFlush = false
    private var isHandling = false
    /// Bytes came since the last request, and no head yet.
    private var hasPartialHead = false
    private var sawPart = false
    private var timer = DeadlineTimer()

    init(_ service: WebhookService, admission: ConnectionRegistry.Admission = .admitted) {
        self.service = service
        self.admission = admission
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.connectionBegan(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.ended()
    }

    func channelActive(context: ChannelHandlerContext) {
        self.connectionBegan(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.ended()
        context.fireChannelInactive()
    }

    private func connectionBegan(_ context: ChannelHandlerContext) {
        self.setDeadline(self.service.limits.headerTime)
    }

    private func ended() {
        switch self.phase {
        case .receiving:
            self.dropBody()
            self.count(.aborted)
        case .working:
            // What the intake has is stored all the same; it releases the body's bytes.
            self.count(.aborted)
        case .idle, .discarding, .draining, .closed:
            break
        }
        self.phase = .closed
        self.backlog.removeAll()
        self.timer.cancel()
        self.context = nil
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if self.backlog.isEmpty && context.channel.isWritable {
            context.read()
        } else {
            self.isReadWithheld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.readAgainIfWithheld()
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.isInRead = true
        self.sawPart = true
        let part = Self.unwrapInboundIn(data)
        if case .working = self.phase {
            self.enqueue(part)
        } else if !self.backlog.isEmpty {
            self.enqueue(part)
        } else {
            self.handle(part)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isInRead = false
        if self.needsFlush {
            self.needsFlush = false
            context.flush()
        }
        switch self.phase {
        case .receiving, .discarding:
            // The body's time runs from its head on; it is set only for bodies that do not come whole at once.
            self.setDeadline(at: self.request.begun + self.service.limits.bodyTime)
        case .working:
            self.setDeadline(self.service.limits.storeTime)
        case .idle:
            if !self.sawPart && !self.hasPartialHead {
                self.hasPartialHead = true
                self.setDeadline(self.service.limits.headerTime)
            }
        case .draining, .closed:
            break
        }
        self.sawPart = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            self.endsAfterAnswer = true
            if case .idle = self.phase { self.close() }
        case is ConnectionRegistry.ShutdownEvent:
            self.endsAfterAnswer = true
            // A sender that is just about to reuse the connection is answered once more, and told that it ends: one
            // that tries only once would lose the event that it sends into a closing connection.
            if case .idle = self.phase, !self.hasPartialHead { self.setDeadline(self.service.limits.drainTime) }
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A decoder complains of a connection that died amid a request; there is nobody left to tell.
        guard context.channel.isActive, let failure = Self.refusal(of: error) else {
            self.close()
            return
        }
        switch self.phase {
        case .working:
            self.protocolFailure = failure
        case .idle where !self.backlog.isEmpty:
            self.protocolFailure = failure
        case .idle, .receiving, .discarding:
            self.fail(failure)
        case .draining, .closed:
            self.close()
        }
    }

    /// What the sender is told of an error in his request; nil for errors of the connection itself.
    private static func refusal(of error: any Error) -> Refused? {
        switch error {
        case HTTPParserError.headerOverflow: Refused(answer: .headersTooLong, outcome: .badRequest)
        case HTTPParserError.invalidVersion: Refused(answer: .unknownVersion, outcome: .badRequest)
        case is HTTPParserError: Refused(answer: .unreadable, outcome: .badRequest)
        default: nil
        }
    }

    /// A failure of the decoder: nothing it says afterwards can be believed.
    private func fail(_ failure: Refused) {
        self.dropBody()
        self.request.keepsAlive = false
        self.request.isBodyComplete = false
        if case .idle = self.phase { self.request = Request(keepsAlive: false, begun: self.now) }
        self.answer(failure.answer, failure.outcome)
    }

    // MARK: One request after the other

    private func enqueue(_ part: HTTPServerRequestPart) {
        guard self.backlog.count < self.service.limits.backlogParts else {
            // More pipelined at once than any webhook sender does: what was taken is answered, the rest is not.
            self.isBacklogCut = true
            return
        }
        self.backlog.append(part)
    }

    /// Goes on after an answer that came later.
    private func handleBacklog() {
        while let part = self.backlog.first {
            if case .working = self.phase { return }
            self.backlog.removeFirst()
            self.handle(part)
        }
        if case .working = self.phase { return }
        if self.isBacklogCut { return self.close() }
        if let failure = self.protocolFailure {
            self.protocolFailure = nil
            self.fail(failure)
        }
        self.readAgainIfWithheld()
    }

    private func readAgainIfWithheld() {
        guard self.isReadWithheld, self.backlog.isEmpty, let context, context.channel.isWritable else { return }
        self.isReadWithheld = false
        context.read()
    }

    private func handle(_ part: HTTPServerRequestPart) {
        self.isHandling = true
        defer { self.isHandling = false }
        switch (self.phase, part) {
        case (.idle, .head(let head)): self.begin(head)
        case (.receiving, .body(let bytes)): self.collect(bytes)
        case (.receiving(let reception), .end):
            self.request.isBodyComplete = true
            self.submit(reception)
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

    private func begin(_ head: HTTPRequestHead) {
        self.hasPartialHead = false
        let facts = RequestFacts(head)
        self.request = Request(
            isHead: head.method == .HEAD, isHTTP10: head.version.minor == 0,
            keepsAlive: head.isKeepAlive && !facts.wantsUpgrade && self.admission == .admitted, begun: self.now)
        let endpoint = Endpoint(method: head.method, target: head.uri)
        guard case .webhook(let address) = endpoint else {
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
        self.receive(address, facts)
    }

    private func receive(_ address: WebhookAddress, _ facts: RequestFacts) {
        let limits = self.service.limits
        guard let key = self.service.intake.key(for: address) else {
            self.refuse(.unknown, .unknown, facts)
            return
        }
        if facts.isEncoded {
            self.refuse(.encodedBody, .encoded, facts)
        } else if let length = facts.contentLength, length > limits.bodyBytes {
            self.refuse(.tooLarge(limit: limits.bodyBytes), .tooLarge, facts)
        } else if !facts.bodyIsAtMost(limits.smallBodyBytes), let refusal = self.service.intake.refusal(for: key) {
            self.refuse(Answer(refusal, retryAfterSeconds: limits.retryAfterSeconds), refusal.outcome, facts)
        } else {
            // No more than this on the sender's word alone; longer bodies grow as they come.
            self.body.reserveCapacity(min(facts.contentLength ?? 0, limits.smallBodyBytes))
            self.phase = .receiving(Reception(address: address, key: key, probeHeader: facts.probeHeader))
            if facts.expectsContinue { self.write(AnswerWriter.continueBytes) }
        }
    }

    /// Answers without reading a body: after it when it is short, before it (and then for the last time) when not.
    private func refuse(_ answer: Answer, _ outcome: RequestOutcome, _ facts: RequestFacts) {
        if facts.bodyIsAtMost(self.service.limits.smallBodyBytes) && !facts.expectsContinue {
            self.phase = .discarding(Refused(answer: answer, outcome: outcome))
        } else {
            self.request.keepsAlive = false
            self.answer(answer, outcome)
        }
    }

    private func collect(_ bytes: ByteBuffer) {
        let limits = self.service.limits
        let count = bytes.readableBytes
        let refused: Refused?
        if self.body.count + count > limits.bodyBytes {
            refused = Refused(answer: .tooLarge(limit: limits.bodyBytes), outcome: .tooLarge)
        } else if !self.service.budget.take(count, ofLongBody: self.body.count + count > limits.smallBodyBytes) {
            refused = Refused(answer: self.overloaded("Too many bodies are being received."), outcome: .overloaded)
        } else {
            refused = nil
        }
        if let refused {
            self.dropBody()
            self.request.keepsAlive = false
            self.answer(refused.answer, refused.outcome)
            return
        }
        bytes.withUnsafeReadableBytes { self.body.append(contentsOf: $0) }
    }

    private func dropBody() {
        self.service.budget.give(self.body.count)
        self.body = []
    }

    // MARK: The intake

    private func submit(_ reception: Reception) {
        guard let context else { return }
        self.requestNumber += 1
        let number = self.requestNumber
        self.phase = .working(number)
        let service = self.service
        let size = self.body.count
        let webhook = InboundWebhook(
            address: reception.address, key: reception.key, probeHeader: reception.probeHeader, body: self.body)
        // Its bytes now belong to the intake, which gives them back to the budget.
        self.body = []
        service.metrics.bodyBytes.add(size)
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        let completion: @Sendable (IntakeResult) -> Void = { result in
            service.budget.give(size)
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

    private func finished(_ number: UInt64, _ result: IntakeResult) {
        guard case .working(number) = self.phase else {
            if result.isStored { self.service.metrics.lateStores.add() }
            return
        }
        self.answer(Answer(result, retryAfterSeconds: self.service.limits.retryAfterSeconds), result.outcome)
        if !self.isHandling { self.handleBacklog() }
    }

    // MARK: Answering

    private func answer(_ answer: Answer, _ outcome: RequestOutcome) {
        guard let context else { return }
        var answer = answer
        if self.request.route == .instance { answer.headers += self.service.legacyRoute.headers }
        let lives = self.request.keepsAlive && self.request.isBodyComplete && !self.endsLast
        var buffer = context.channel.allocator.buffer(capacity: 256 + answer.body.count)
        self.service.writer.write(
            answer, lives ? (self.request.isHTTP10 ? .keepAliveHTTP10 : .keepAlive) : .close,
            isHead: self.request.isHead, into: &buffer)
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
    private var endsLast: Bool { self.endsAfterAnswer && self.backlog.isEmpty }

    private func answerLast(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
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

    private func write(_ buffer: ByteBuffer) {
        guard let context else { return }
        context.write(self.wrapOutboundOut(buffer), promise: nil)
        if self.isInRead {
            self.needsFlush = true
        } else {
            context.flush()
        }
    }

    private func close() {
        guard let context else { return }
        self.ended()
        context.close(promise: nil)
    }

    private func overloaded(_ detail: String) -> Answer {
        .unavailable(detail, retryAfterSeconds: self.service.limits.retryAfterSeconds)
    }

    private func count(_ outcome: RequestOutcome) {
        self.service.metrics.finished(
            self.request.route, outcome, nanoseconds: (self.now - self.request.begun).nanoseconds)
    }

    // MARK: Time

    private var now: NIODeadline { self.context?.eventLoop.now ?? self.request.begun }

    private func setDeadline(_ time: TimeAmount) {
        self.setDeadline(at: self.now + time)
    }

    private func setDeadline(at deadline: NIODeadline) {
        if self.timer.set(deadline) { self.scheduleTimer() }
    }

    private func scheduleTimer() {
        guard let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.timer.schedule(on: context.eventLoop) { handler.value.timerFired() }
    }

    private func timerFired() {
        guard self.context != nil else { return }
        guard self.timer.fired(now: self.now) else { return self.scheduleTimer() }
        switch self.phase {
        case .idle where self.hasPartialHead:
            self.fail(Refused(answer: .tooSlow, outcome: .timedOut))
        case .receiving, .discarding:
            self.fail(Refused(answer: .tooSlow, outcome: .timedOut))
        case .working:
            // A result that comes later is no longer waited for: it is stored all the same, and the sender
            // may send it again: rather twice than not at all.
            self.answer(self.overloaded("Storing takes too long. Try again."), .storeFailed)
            self.handleBacklog()
        case .idle, .draining, .closed:
            self.close()
        }
    }
}

extension IntakeResult {
    fileprivate var isStored: Bool {
        switch self {
        case .stored, .quarantined, .undecided, .probe: true
        case .malformed, .refused, .notStored, .quarantineFull: false
        }
    }

    fileprivate var outcome: RequestOutcome {
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
