import HookgateCore
import NIOCore
import NIOHTTP1

/// Files of events, for backends that take their media by reference.
extension WebhookHandler {
    func serveMedia(_ link: MediaLinkRequest, _ facts: RequestFacts) {
        guard let context, let media = self.service.media else {
            return self.refuse(.noSuchPath, .notFound, facts)
        }
        guard self.admission == .admitted, facts.bodyIsAtMost(0), media.begin() else {
            return self.refuse(self.overloaded("Too many files are being read. Try again."), .overloaded, facts)
        }
        self.requestNumber += 1
        let number = self.requestNumber
        self.phase = .working(number)
        self.request.isBodyComplete = true
        // The deadline of an answer runs from here.
        self.request.submitted = self.now
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        Task {
            let found = await media.source.media(at: link)
            media.end()
            loop.execute { handler.value.found(number, found) }
        }
    }

    private func found(_ number: UInt64, _ media: EventMedia) {
        guard case .working(number) = self.phase else { return }
        let answer = Answer(media, retryAfterSeconds: self.service.limits.retryAfterSeconds)
        self.answer(answer, answer.status == .ok ? .served : .notFound)
        if !self.isHandling { self.handleBacklog() }
    }
}

extension Answer {
    /// A file as it is handed out: to be kept, never to be run by whoever opens it.
    init(_ media: EventMedia, retryAfterSeconds: Int) {
        switch media {
        case .found(let bytes, let mimeType):
            self.init(
                status: .ok, contentType: mimeType ?? "application/octet-stream", body: .bytes(bytes),
                headers: [
                    Header(name: "content-disposition", value: "attachment"),
                    Header(name: "x-content-type-options", value: "nosniff"),
                    Header(name: "cache-control", value: "private, no-store"),
                ])
        case .refused: self = .problem(.forbidden, "This address is not valid, or not any more.")
        case .gone: self = .problem(.notFound, "This file is not kept any more.")
        case .unavailable:
            self = .unavailable("The file cannot be read now. Try again.", retryAfterSeconds: retryAfterSeconds)
        }
    }
}
