import Synchronization

/// What was produced, and where.
final class Evidence: Sendable {
    private let pieces = Mutex<[(place: String, bytes: [UInt8])]>([])

    func add(_ place: String, _ bytes: [UInt8]) { pieces.withLock { $0.append((place, bytes)) } }
    func add(_ place: String, _ text: String) { add(place, Array(text.utf8)) }

    /// The size of everything of a place.
    func size(of place: String) -> Int {
        pieces.withLock { $0.filter { $0.place.hasPrefix(place) }.reduce(0) { $0 + $1.bytes.count } }
    }

    func findings(_ canaries: Canaries, except isExempt: (String) -> Bool = { _ in false }) -> [String] {
        pieces.withLock { pieces in
            pieces.filter { !isExempt($0.place) }
                .flatMap { piece in canaries.found(in: piece.bytes).map { "\(piece.place): \($0)" } }
        }
    }
}
