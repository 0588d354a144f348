import HookgateCore
import Synchronization

/// A body that is too long for memory, on its way to the disk: read and written piece by piece, off the event loop.
///
/// For one caller at a time, who may block. What is proven to be no body is not written any further, but read to its
/// end all the same: whether its sender is told so is decided when it is known who that is.
final class LongBody: Sendable {
    private struct State {
        let reading: BodyReading
        var failure: SpoolError?
    }

    private let file: any SpoolBody
    private let state: Mutex<State>

    /// - Parameter signature: the check of the signature over the body; nil where no key is configured.
    init(file: any SpoolBody, signature: WebhookSignature?) {
        self.file = file
        self.state = Mutex(State(reading: BodyReading(signature: signature)))
    }

    /// Returns why the body cannot be stored, once that is so.
    func take(_ piece: [UInt8]) -> SpoolError? {
        self.state.withLock { state in
            guard state.failure == nil else { return state.failure }
            state.reading.read(piece)
            guard !state.reading.isMalformed else { return nil }
            do throws(SpoolError) {
                try self.file.write(piece)
            } catch {
                state.failure = error
            }
            return state.failure
        }
    }

    /// The body is complete, and on disk unless it is none.
    func finish() -> Result<InboundBody, SpoolError> {
        self.state.withLock { state in
            let read = state.reading.finish()
            guard case .success = read.facts else { return .success(.long(read, self.file)) }
            do throws(SpoolError) {
                try self.file.seal(read)
                return .success(.long(read, self.file))
            } catch {
                return .failure(error)
            }
        }
    }
}
