import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// One connection's HTTP: takes requests one at a time, in order, and answers each before the next is begun.
///
/// It stands behind NIOHTTP1's request decoder and writes responses as bytes, so it needs no encoder. The phases:
///
///     idle ──head──▶ receiving ──end──▶ working ──result──▶ idle
///       ├──head────▶ hosting ────end──▶ attending ─answer─▶ idle        (the console)
///       └──head────▶ discarding ──end─────────answer──────▶ idle        (refused, small body)
///     any  ──answer that ends the connection──▶ draining ──end, bytes or time──▶ closed
///
/// Parts that come while a request is being worked on wait in a bounded backlog, and while there is one, nothing
/// more is read from the socket.
final class WebhookHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case idle
        case receiving(Reception)
        /// A request of the console, whose body is coming.
        case hosting(ConsoleReception)
        /// The console has it; its answer carries this number.
        case attending(UInt64)
        /// The body is read to its end, then this is said and the connection lives on.
        case discarding(Refused)
        /// The intake has the webhook; its result carries this number.
        case working(UInt64)
        /// The last answer is given; what still comes is thrown away, so that the sender gets to read it.
        case draining(bytesLeft: Int)
        case closed
    }

    /// An object: every part of a request looks at it, and to copy it is to retain all that it holds.
    final class Reception: Sendable {
        let address: WebhookAddress
        let key: RoutingKey
        let probeHeader: String?
        let headers: HTTPHeaders
        let signature: WebhookSignature?
        /// What of its integration's share it takes, until its body is out of memory.
        let lease: TenantLease

        init(
            address: WebhookAddress, key: RoutingKey, probeHeader: String?, headers: HTTPHeaders,
            signature: WebhookSignature?, lease: TenantLease
        ) {
            self.address = address
            self.key = key
            self.probeHeader = probeHeader
            self.headers = headers
            self.signature = signature
            self.lease = lease
        }
    }

    struct Refused {
        let answer: Answer
        let outcome: RequestOutcome
    }

    /// The request that is being read or answered.
    struct Request {
        var route: Route?
        var isHead = false
        var isHTTP10 = false
        var keepsAlive = true
        var isBodyComplete = false
        var announcedByteCount: Int?
        var bodyByteCount = 0
        var begun = NIODeadline.uptimeNanoseconds(0)
        /// When the whole body was handed on.
        var submitted = NIODeadline.uptimeNanoseconds(0)
    }

    let service: WebhookService
    let admission: ConnectionRegistry.Admission
    var context: ChannelHandlerContext?
    /// This connection's event loop, as the spool knows it.
    var place: CompletionPlace?
    var phase = Phase.idle
    /// The body so far, or what of a long one is not on its way to the disk; apart from the phase, so that it grows in
    /// place.
    var body: [UInt8] = []
    var long: LongReception?
    /// The console's work on the request in hand.
    var attendance: Task<Void, Never>?
    var isStreaming = false
    var request = Request()
    var requestNumber: UInt64 = 0
    var backlog = CircularBuffer<HTTPServerRequestPart>()
    var isBacklogCut = false
    var isReadWithheld = false
    /// The connection ends with the answer in hand: shutdown, the sender's half is closed.
    var endsAfterAnswer = false
    /// The decoder gave up; said after the answers before it.
    var protocolFailure: Refused?
    var isInRead = false
    var needsFlush = false
    var isHandling = false
    /// Bytes came since the last request, and no head yet.
    var hasPartialHead = false
    var sawPart = false
    var timer = DeadlineTimer()

    init(_ service: WebhookService, admission: ConnectionRegistry.Admission = .admitted) {
        self.service = service
        self.admission = admission
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let loop = context.eventLoop
        self.place = CompletionPlace(loop) { loop.execute($0) }
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

    func connectionBegan(_ context: ChannelHandlerContext) {
        self.setDeadline(self.service.limits.headerTime)
    }

    func ended() {
        switch self.phase {
        case .receiving:
            self.dropBody()
            self.count(.aborted)
        case .working:
            // What the intake has is stored all the same; it releases the body's bytes.
            self.count(.aborted)
        case .hosting, .attending:
            self.leaveConsole()
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
        if self.backlog.isEmpty && context.channel.isWritable && !self.isBodyPaused {
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
        if self.isBusy {
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
        case .receiving, .discarding, .hosting:
            // The body's time runs from its head on; it is set only for bodies that do not come whole at once.
            self.setDeadline(at: self.request.begun + self.service.limits.bodyTime(self.request))
        case .working:
            // From the body's end, not from this read: what is sent behind it must not put the answer off.
            self.setDeadline(at: self.request.submitted + self.service.limits.storeTime)
        case .attending:
            self.setConsoleDeadline()
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
            if self.isStreaming { self.close() }
        case is ConnectionRegistry.ShutdownEvent:
            self.endsAfterAnswer = true
            if self.isStreaming { return self.close() }
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
        case .working, .attending:
            self.protocolFailure = failure
        case .idle where !self.backlog.isEmpty:
            self.protocolFailure = failure
        case .idle, .receiving, .discarding, .hosting:
            self.fail(failure)
        case .draining, .closed:
            self.close()
        }
    }

    /// Whether somebody else has the request in hand: what comes meanwhile waits.
    var isBusy: Bool {
        switch self.phase {
        case .working, .attending: true
        default: false
        }
    }

    /// What the sender is told of an error in his request; nil for errors of the connection itself.
    static func refusal(of error: any Error) -> Refused? {
        switch error {
        case HTTPParserError.headerOverflow: Refused(answer: .headersTooLong, outcome: .badRequest)
        case HTTPParserError.invalidVersion: Refused(answer: .unknownVersion, outcome: .badRequest)
        case is HTTPParserError: Refused(answer: .unreadable, outcome: .badRequest)
        default: nil
        }
    }

    /// A failure of the decoder: nothing it says afterwards can be believed.
    func fail(_ failure: Refused) {
        self.dropBody()
        self.request.keepsAlive = false
        self.request.isBodyComplete = false
        if case .idle = self.phase { self.request = Request(keepsAlive: false, begun: self.now) }
        self.answer(failure.answer, failure.outcome)
    }
}
