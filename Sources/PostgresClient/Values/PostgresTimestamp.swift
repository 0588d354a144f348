import FoundationEssentials

/// Dates as PostgreSQL reads and writes them with `DateStyle` ISO, without a formatter's cost.
enum PostgresTimestamp {
    private static let microsecondsPerSecond: Int64 = 1_000_000
    private static let microsecondsPerDay: Int64 = 86_400 * microsecondsPerSecond

    /// `2026-01-31 23:59:59.000001+00`, always in UTC, rounded to the microsecond the server keeps.
    static func text(of date: Date) -> String {
        let seconds = date.timeIntervalSince1970
        // Outside what timestamptz holds; the server's own infinities say it without an overflow here.
        guard seconds < 9.2e12 else { return "infinity" }
        guard seconds > -2.1e11 else { return "-infinity" }
        let total = microseconds(of: date)
        let day = total.dividedDown(by: microsecondsPerDay)
        let inDay = total - day * microsecondsPerDay
        let (year, month, dayOfMonth) = civil(fromDay: day)
        let second = inDay / microsecondsPerSecond
        let time = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        let shownYear = year > 0 ? year : 1 - year
        return "\(padded(shownYear, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2)) \(time)"
            + ".\(padded(inDay % microsecondsPerSecond, 6))+00\(year > 0 ? "" : " BC")"
    }

    /// Reads a `timestamptz`, `timestamp` (taken as UTC) or `date`; nil for anything else, infinities included.
    static func date(from bytes: ArraySlice<UInt8>) -> Date? {
        let isBeforeOurEra = bytes.suffix(3).elementsEqual(" BC".utf8)
        var reader = DigitReader(isBeforeOurEra ? bytes.dropLast(3) : bytes)
        guard let shownYear = reader.number(digits: 4...6), reader.skip("-"),
            let month = reader.number(digits: 2...2), reader.skip("-"),
            let dayOfMonth = reader.number(digits: 2...2), (1...12).contains(month), (1...31).contains(dayOfMonth)
        else { return nil }
        let year = isBeforeOurEra ? 1 - shownYear : shownYear
        var total = day(year: year, month: month, dayOfMonth: dayOfMonth) * microsecondsPerDay
        if reader.skip(" ") || reader.skip("T") {
            guard let hour = reader.number(digits: 2...2), reader.skip(":"),
                let minute = reader.number(digits: 2...2), reader.skip(":"),
                let second = reader.number(digits: 2...2)
            else { return nil }
            total += ((hour * 60 + minute) * 60 + second) * microsecondsPerSecond
            if reader.skip(".") {
                guard let fraction = reader.fraction() else { return nil }
                total += fraction
            }
            guard let offset = reader.offset() else { return nil }
            total -= offset * microsecondsPerSecond
        }
        guard reader.isAtEnd else { return nil }
        return date(ofMicroseconds: total)
    }

    // Whole seconds and the fraction go separately, or a Double would lose microseconds of far dates.
    private static func microseconds(of date: Date) -> Int64 {
        let sinceReference = date.timeIntervalSinceReferenceDate
        let whole = sinceReference.rounded(.down)
        let fraction = ((sinceReference - whole) * 1_000_000).rounded()
        return (Int64(whole) + referenceOffset) * microsecondsPerSecond + Int64(fraction)
    }

    private static func date(ofMicroseconds total: Int64) -> Date {
        let whole = total.dividedDown(by: microsecondsPerSecond)
        let fraction = Double(total - whole * microsecondsPerSecond) / 1_000_000
        return Date(timeIntervalSinceReferenceDate: Double(whole - referenceOffset) + fraction)
    }

    private static let referenceOffset = Int64(Date.timeIntervalBetween1970AndReferenceDate)

    // Howard Hinnant's days_from_civil and its inverse: exact for every year of the proleptic Gregorian calendar.
    private static func day(year: Int64, month: Int64, dayOfMonth: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.dividedDown(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + dayOfMonth - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, dayOfMonth: Int64) {
        let shifted = day + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity, as calendars need before 1970.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// Walks over the digits and marks of one timestamp.
private struct DigitReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(digits: ClosedRange<Int>) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while count < digits.upperBound, let byte = rest.first, (0x30...0x39).contains(byte) {
            value = value * 10 + Int64(byte - 0x30)
            count += 1
            rest.removeFirst()
        }
        return count >= digits.lowerBound ? value : nil
    }

    /// Up to six digits after the point, as microseconds.
    mutating func fraction() -> Int64? {
        let before = rest.count
        guard var value = number(digits: 1...6) else { return nil }
        for _ in (before - rest.count)..<6 { value *= 10 }
        return value
    }

    /// `+00`, `-03:30`, `+05:53:28`, or nothing at all; in seconds.
    mutating func offset() -> Int64? {
        let isNegative: Bool
        if skip("+") { isNegative = false } else if skip("-") { isNegative = true } else { return 0 }
        guard let hours = number(digits: 2...2) else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where skip(":") {
            guard let part = number(digits: 2...2) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }
}
