import HookgateCore
import NIOCore
import NIOPosix

/// Bodies that go to the disk as they come. One piece is being written while the next gathers; when both are full,
/// nothing more is read from the socket, so that a sender is as fast as the disk.
extension WebhookHandler {
    struct LongReception {
        let body: LongBody
        let lease: TenantLease
        let loop: any EventLoop
        /// Of the piece in hand; what comes back for another is not ours any more.
        let number: UInt64
        var isBusy = false
        /// What is to be done once the last piece is written.
        var ending: Ending?

        struct Ending {
            let reception: Reception
            let number: UInt64
            let byteCount: Int
        }
    }

    /// Whether two pieces are in memory already.
    var isBodyPaused: Bool {
        guard let long else { return false }
        return long.isBusy && self.body.count >= self.service.limits.pieceBytes
    }

    /// Goes over to the disk once a body is known to be long, and has shown more than its head.
    func beginLongBody(_ reception: Reception) {
        let limits = self.service.limits
        let known = max(self.request.bodyByteCount, self.request.announcedByteCount ?? 0)
        if self.long == nil, known > limits.longBodyBytes, self.body.count >= limits.pieceBytes, let context {
            self.requestNumber += 1
            self.long = LongReception(
                body: LongBody(file: self.service.intake.makeBody(), signature: reception.signature),
                lease: reception.lease, loop: context.eventLoop, number: self.requestNumber)
        }
    }

    /// Hands the piece that is full to the disk, unless the one before it is still being written.
    func writeLongBody() {
        let limits = self.service.limits
        guard let long, !long.isBusy, self.body.count >= limits.pieceBytes else { return }
        self.long?.isBusy = true
        let piece = self.takePiece(room: limits.pieceBytes)
        let service = self.service
        let handler = NIOLoopBound(self, eventLoop: long.loop)
        NIOThreadPool.singleton.submit { state in
            let failure = state == .active ? long.body.take(piece) : .closed
            service.budget.give(piece.count)
            long.lease.give(piece.count)
            long.loop.execute { handler.value.pieceWritten(long.number, failure) }
        }
    }

    /// The body has come to its end; what is left of it follows the piece that is being written.
    func submitLong(_ reception: Reception) {
        self.requestNumber += 1
        self.phase = .working(self.requestNumber)
        self.request.submitted = self.now
        self.long?.ending = LongReception.Ending(
            reception: reception, number: self.requestNumber, byteCount: self.request.bodyByteCount)
        self.service.metrics.bodyBytes.add(self.request.bodyByteCount)
        if self.long?.isBusy == false { self.writeLastPiece() }
    }

    private func pieceWritten(_ number: UInt64, _ failure: SpoolError?) {
        guard let long, long.number == number else { return }
        self.long?.isBusy = false
        if let failure {
            self.dropBody()
            if let ending = long.ending {
                self.finished(ending.number, .notStored(failure))
            } else {
                self.request.keepsAlive = false
                let result = IntakeResult.notStored(failure)
                self.answer(
                    Answer(result, retryAfterSeconds: self.service.limits.retryAfterSeconds), result.outcome)
            }
        } else if long.ending != nil {
            self.writeLastPiece()
        } else {
            self.writeLongBody()
            self.readAgainIfWithheld()
        }
    }

    private func writeLastPiece() {
        guard let long, let ending = long.ending else { return }
        self.long = nil
        let piece = self.takePiece(room: 0)
        let service = self.service
        let handler = NIOLoopBound(self, eventLoop: long.loop)
        let completion: @Sendable (IntakeResult) -> Void = { result in
            long.lease.end()
            long.loop.execute { handler.value.finished(ending.number, result) }
        }
        NIOThreadPool.singleton.submit { state in
            let failure = state == .active ? long.body.take(piece) : .closed
            service.budget.give(piece.count)
            if let failure { return completion(.notStored(failure)) }
            switch long.body.finish() {
            case .failure(let error): completion(.notStored(error))
            case .success(let body):
                let reception = ending.reception
                service.intake.receive(
                    InboundWebhook(
                        address: reception.address, key: reception.key, probeHeader: reception.probeHeader,
                        headers: reception.headers, body: body), completion)
            }
        }
    }

    private func takePiece(room: Int) -> [UInt8] {
        let piece = self.body
        self.body = []
        // What comes with one read from the socket goes over the brim.
        if room > 0 { self.body.reserveCapacity(room + room / 4) }
        return piece
    }
}
