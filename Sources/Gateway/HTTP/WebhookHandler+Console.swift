import HookgateCore
import NIOCore
import NIOHTTP1

/// Requests of the console: read to their end, handed on as values, and answered in the connection's order, at once or
/// piece by piece. A connection may mix them with webhooks.
extension WebhookHandler {
    struct ConsoleReception {
        let method: String
        let target: String
        let headers: [(name: String, value: String)]
    }

    func receiveForConsole(_ head: HTTPRequestHead, _ facts: RequestFacts) {
        let limits = self.service.limits
        guard self.admission == .admitted else {
            return self.refuse(self.overloaded("Too many connections are open."), .overloaded, facts)
        }
        let refusal: Answer? =
            if facts.isEncoded {
                .encodedBody
            } else if let length = facts.contentLength, length > limits.consoleBodyBytes {
                .tooLarge(limit: limits.consoleBodyBytes)
            } else {
                nil
            }
        if let refusal {
            return self.refuse(refusal, facts.isEncoded ? .encoded : .tooLarge, facts)
        }
        self.phase = .hosting(
            ConsoleReception(
                method: head.method.rawValue, target: Endpoint.originForm(head.uri),
                headers: head.headers.map { ($0.name, $0.value) }))
        if facts.expectsContinue { self.write(AnswerWriter.continueBytes) }
    }

    func collectForConsole(_ bytes: ByteBuffer) {
        let limits = self.service.limits
        let isTooLong = self.body.count + bytes.readableBytes > limits.consoleBodyBytes
        guard !isTooLong, self.service.consoleBudget.take(bytes.readableBytes, ofLongBody: false) else {
            let answer: Answer =
                isTooLong
                ? .tooLarge(limit: limits.consoleBodyBytes) : self.overloaded("Too many bodies are being received.")
            self.leaveConsole()
            self.request.keepsAlive = false
            return self.answer(answer, isTooLong ? .tooLarge : .overloaded)
        }
        self.request.bodyByteCount += bytes.readableBytes
        bytes.withUnsafeReadableBytes { self.body.append(contentsOf: $0) }
    }

    func attend(_ reception: ConsoleReception) {
        guard let context, let console = self.service.console else { return }
        // Only now: who sends slowly keeps nobody's place.
        guard self.service.consoleWork.begin() else {
            self.leaveConsole()
            return self.answer(self.overloaded("Too many requests of the console are in progress."), .overloaded)
        }
        self.requestNumber += 1
        let number = self.requestNumber
        let request = ConsoleRequest(
            method: reception.method, target: reception.target, headers: reception.headers, body: self.body,
            peer: context.remoteAddress?.ipAddress)
        self.phase = .attending(number)
        self.request.submitted = self.now
        self.setConsoleDeadline()
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        // Ended with the connection; the count of them is bounded.
        self.attendance = Task {
            let response = await console.respond(to: request)
            let stream = try? await loop.submit { handler.value.answered(number, response) }.get()
            guard case .stream(let body) = response.body, stream == true else { return }
            await body(
                ConsoleStream { piece in
                    try await loop.flatSubmit { handler.value.send(number, piece, on: loop) }.get()
                })
            loop.execute { handler.value.streamEnded(number) }
        }
    }

    /// - Returns: whether a stream may begin.
    private func answered(_ number: UInt64, _ response: ConsoleResponse) -> Bool {
        guard case .attending(number) = self.phase, let context else { return false }
        let status = HTTPResponseStatus(statusCode: response.status)
        let headers = response.headers.map { Answer.Header(name: $0.name, value: $0.value) }
        switch response.body {
        case .stream where !self.request.isHead:
            var buffer = context.channel.allocator.buffer(capacity: 512)
            self.service.writer.writeStreamHead(
                Answer(status: status, contentType: response.contentType, body: .bytes([]), headers: headers),
                into: &buffer)
            self.write(buffer)
            self.isStreaming = true
            self.timer.cancel()
            return true
        case .bytes, .stream:
            var body: [UInt8] = []
            if case .bytes(let bytes) = response.body { body = bytes }
            self.leaveConsole()
            self.answer(
                Answer(status: status, contentType: response.contentType, body: .bytes(body), headers: headers),
                .served)
            if !self.isHandling { self.handleBacklog() }
            return false
        }
    }

    private func send(_ number: UInt64, _ piece: [UInt8], on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard case .attending(number) = self.phase, let context else {
            return loop.makeFailedFuture(ConsoleStream.Ended())
        }
        return context.writeAndFlush(self.wrapOutboundOut(context.channel.allocator.buffer(bytes: piece)))
    }

    /// The end of a streamed body is the end of its connection.
    private func streamEnded(_ number: UInt64) {
        guard case .attending(number) = self.phase else { return }
        self.count(.served)
        self.leaveConsole()
        self.phase = .draining(bytesLeft: 0)
        self.close()
    }

    /// Gives back what a request of the console holds.
    func leaveConsole() {
        self.service.consoleBudget.give(self.body.count)
        self.body = []
        self.isStreaming = false
        guard let attendance else { return }
        attendance.cancel()
        self.attendance = nil
        self.service.consoleWork.end()
    }

    /// A stream has no deadline: it ends with its reader or its writer.
    func setConsoleDeadline() {
        if !self.isStreaming { self.setDeadline(at: self.request.submitted + self.service.limits.consoleTime) }
    }
}
