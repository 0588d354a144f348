/// A phone number in E.164 form: a plus sign and 7 to 15 digits.
package struct PhoneNumber: Sendable, Hashable {
    package let text: String

    /// Reads what people and the old system wrote: with spaces, dashes and brackets, with `00`, or as a WhatsApp
    /// id. Nil when it is not certainly an international number; a country code is never invented.
    package init?(_ written: String) {
        let local = written.unicodeScalars.prefix { $0 != "@" && $0 != ":" }
        let isInternational = local.first { $0 != " " && $0 != "(" } == "+"
        var digits = ""
        for character in local {
            switch character {
            case "0"..."9": digits.unicodeScalars.append(character)
            case " ", "-", ".", "(", ")", "/", "+", "\u{00A0}": continue
            default: return nil
            }
        }
        let isMarked = isInternational || digits.hasPrefix("00")
        if !isInternational, digits.hasPrefix("00") { digits.removeFirst(2) }
        let shortest = isMarked ? 7 : 10
        guard (shortest...15).contains(digits.utf8.count), !digits.hasPrefix("0") else { return nil }
        self.text = "+" + digits
    }
}
