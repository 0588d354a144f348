package import FoundationEssentials

/// The header by which a server says when to come back: seconds, or a date in one of HTTP's three forms
/// (RFC 9110, section 10.2.3).
package enum RetryAfter {
    /// Longer than anybody means; what to do with a long wait is the schedule's to decide.
    package static let longest = Duration.seconds(7 * 86_400)

    /// How long to wait from now on; zero for a date that has passed. Nil for what is neither.
    package static func wait(_ text: String, at now: Date) -> Duration? {
        let trimmed = text.drop { $0 == " " }
        let words = trimmed.prefix(64).split(whereSeparator: { " ,-".contains($0) }).map(String.init)
        let isCount = trimmed.first.map { $0.isASCII && $0.isNumber } ?? false
        if isCount, words.count == 1, let word = words.first, word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than fit are a long time too.
            return min(longest, .seconds(Int64(word.prefix(9)) ?? 0))
        }
        guard let date = HTTPDateReader.date(words, at: now) else { return nil }
        let seconds = date.timeIntervalSince(now).rounded(.up)
        return seconds <= 0 ? .zero : min(longest, .seconds(Int64(min(seconds, 1e9))))
    }
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
private enum HTTPDateReader {
    private static let months = [
        "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
        "dec": 12,
    ]

    static func date(_ words: [String], at now: Date) -> Date? {
        switch words.count {
        // The third form has no zone and the month first; all three are UTC.
        case 6: return make(day: words[1], month: words[2], year: words[3], time: words[4], at: now)
        case 5: return make(day: words[2], month: words[1], year: words[4], time: words[3], at: now)
        default: return nil
        }
    }

    private static func make(day: String, month: String, year: String, time: String, at now: Date) -> Date? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard let day = Int(day), (1...31).contains(day), let month = months[month.lowercased()], let year = Int(year),
            clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second), (0...9_999).contains(year)
        else { return nil }
        let days = daysSince1970(year: year < 100 ? century(of: year, at: now) : year, month: month, day: day)
        return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3_600 + minute * 60 + second))
    }

    /// Two digits are of the last year with them that is not more than fifty years ahead.
    private static func century(of year: Int, at now: Date) -> Int {
        let present = 1970 + Int(now.timeIntervalSince1970 / 31_556_952)
        let candidate = present / 100 * 100 + year
        return candidate > present + 50 ? candidate - 100 : candidate
    }

    /// Of the Gregorian calendar, counted with March as the first month so that the leap day is the last of a year.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}
