/// Finds what a person probably meant.
package enum Nearest {
    /// The candidate with the fewest edits to the word, or the only one that holds it; nil when none comes close.
    package static func match(for word: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { (candidate: $0, distance: distance(word, $0)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        if best.distance <= max(2, word.count / 3) { return best.candidate }
        // `url` for `api-url`: half of a name is remembered more often than it is misspelled.
        let holding = candidates.filter { $0.contains(word) }
        return holding.count == 1 ? holding.first : nil
    }

    /// Levenshtein's distance, one row at a time.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let substitution = diagonal + (character == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
