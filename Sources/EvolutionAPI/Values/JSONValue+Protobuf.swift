import FoundationEssentials
import HookgateCore

/// Values as Evolution writes them: a 64-bit number of WhatsApp's protobuf messages comes as a number, as decimal
/// text or as `{"low":…,"high":…,"unsigned":…}`, depending on the release and sometimes on the field.
extension JSONValue {
    /// A string that says something; releases differ in whether an absent one is `""`, `null` or left out.
    var text: String? {
        guard let string, !string.isEmpty else { return nil }
        return string
    }

    /// A whole number, however it is written.
    var integer: Int64? {
        if isObject { return long }
        guard let written = numeral ?? string, written.utf8.count <= 32 else { return nil }
        if let whole = Int64(written) { return whole }
        return numeral.flatMap { Double($0) }.flatMap { Int64(exactly: $0.rounded(.towardZero)) }
    }

    /// A number with a fraction; never infinite.
    var decimal: Double? {
        guard let number = (numeral ?? string).flatMap({ Double($0) }), number.isFinite else { return nil }
        return number
    }

    /// A point in time: seconds, milliseconds or ISO 8601. Nil outside of 2000 to 2099, where it is a mistake.
    var instant: Date? {
        if let integer {
            if let seconds = Self.plausible(Double(integer)) { return seconds }
            return Self.plausible(Double(integer) / 1_000)
        }
        guard let text, text.utf8.count <= 40 else { return nil }
        let date = (try? Date(text, strategy: .iso8601)) ?? (try? Date(text, strategy: Self.fractional))
        return date.flatMap { Self.plausible($0.timeIntervalSince1970) }
    }

    private static let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private static func plausible(_ seconds: Double) -> Date? {
        (946_684_800..<4_102_444_800).contains(seconds) ? Date(timeIntervalSince1970: seconds) : nil
    }

    /// Both halves are signed, whatever `unsigned` says of the whole.
    private var long: Int64? {
        guard let low = self["low"]?.numeral.flatMap({ Int64($0) }),
            let high = self["high"]?.numeral.flatMap({ Int64($0) })
        else { return nil }
        return Int64(Int32(truncatingIfNeeded: high)) << 32 | Int64(UInt32(truncatingIfNeeded: low))
    }
}
