import NIOCore

/// Matches replies to commands, in order, on one connection; confined to its event loop.
///
/// Whatever goes wrong (a reply that is late, or none that RESP knows) ends the connection, because the order of
/// replies is all that ties them to their commands.
final class RedisReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private struct Waiting {
        let deadline: NIODeadline
        let reply: EventLoopPromise<RESPValue>
    }

    /// Completed once, with why the connection ended.
    let ended: EventLoopPromise<RedisError>
    private let limit: Int
    private var context: ChannelHandlerContext?
    private var waiting = CircularBuffer<Waiting>()
    private var reader = RESPReader()
    private var received = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var ending: RedisError?

    init(limit: Int, ended: EventLoopPromise<RedisError>) {
        self.limit = limit
        self.ended = ended
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.received = context.channel.allocator.buffer(capacity: 1_024)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end(.connectionLost)
        self.context = nil
    }

    /// Writes all commands in one go. Each promise is completed once, in order, whatever happens.
    func send(_ commands: [RedisCommand], _ replies: [EventLoopPromise<RESPValue>], timeout: TimeAmount) {
        guard let context = self.context, self.ending == nil else {
            return replies.forEach { $0.fail(self.ending ?? .connectionLost) }
        }
        guard self.waiting.count + replies.count <= self.limit else {
            return replies.forEach { $0.fail(RedisError.saturated) }
        }
        let deadline = NIODeadline.now() + timeout
        var buffer = context.channel.allocator.buffer(capacity: 256)
        for (command, reply) in zip(commands, replies) {
            command.write(into: &buffer)
            self.waiting.append(Waiting(deadline: deadline, reply: reply))
        }
        context.writeAndFlush(NIOAny(buffer), promise: nil)
        self.setTimer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.ending == nil else { return }
        var bytes = self.unwrapInboundIn(data)
        self.received.writeBuffer(&bytes)
        do throws(RESPViolation) {
            while let reply = try self.reader.next(from: &self.received) {
                guard let first = self.waiting.popFirst() else { throw .unasked }
                first.reply.succeed(reply)
            }
        } catch {
            return self.end(.violation(error))
        }
        self.received.discardReadBytes()
        self.setTimer()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end(.connectionLost)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(.unavailable(RedisConnection.reason(error)))
    }

    /// One timer, for the oldest command: those behind it are never due before it.
    private func setTimer() {
        guard let first = self.waiting.first else {
            self.timer?.cancel()
            self.timer = nil
            return
        }
        guard self.timer == nil, let loop = self.context?.eventLoop else { return }
        self.timer = loop.assumeIsolated().scheduleTask(deadline: first.deadline) {
            self.timer = nil
            guard let first = self.waiting.first else { return }
            if first.deadline <= .now() { self.end(.timedOut) } else { self.setTimer() }
        }
    }

    private func end(_ reason: RedisError) {
        guard self.ending == nil else { return }
        self.ending = reason
        self.timer?.cancel()
        self.timer = nil
        let waiting = self.waiting
        self.waiting = []
        for command in waiting { command.reply.fail(reason) }
        self.ended.succeed(reason)
        self.context?.close(promise: nil)
    }
}
