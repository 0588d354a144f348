/// Holds tasks back until it is opened.
struct Gate: Sendable {
    private let signal = AsyncStream.makeStream(of: Never.self)

    func open() { signal.continuation.finish() }

    func wait() async {
        for await _ in signal.stream {}
    }
}
