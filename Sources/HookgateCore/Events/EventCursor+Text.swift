import FoundationEssentials

extension EventCursor {
    /// The time in microseconds since 1970, then the id: `1760918400000000.0199f0c2-…`.
    package var text: String {
        "\(Int64((receivedAt.timeIntervalSince1970 * 1_000_000).rounded())).\(id.text)"
    }

    /// Nil for a text that no page gave out.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let microseconds = Int64(parts[0]),
            microseconds.magnitude < 1 << 53, let id = EventID(String(parts[1]))
        else {
            return nil
        }
        self.init(receivedAt: Date(timeIntervalSince1970: Double(microseconds) / 1_000_000), id: id)
    }
}
