/// Wakes one loop. Rings while it is busy are one ring when it looks again.
final class Bell: Sendable {
    let rings: AsyncStream<Void>
    private let clapper: AsyncStream<Void>.Continuation

    init() {
        (rings, clapper) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func ring() {
        clapper.yield()
    }
}
