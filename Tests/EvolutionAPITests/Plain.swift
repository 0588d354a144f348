import HookgateCore

/// A value to compare: what a manifest says, or what was decoded.
indirect enum Plain: Hashable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([Plain])
    case object([String: Plain])

    init(_ value: JSONValue) {
        if let string = value.string {
            self = .text(string)
        } else if let number = value.numeral.flatMap({ Double($0) }) {
            self = .number(number)
        } else if let flag = value.bool {
            self = .flag(flag)
        } else if let elements = value.elements {
            self = .list(elements.map { Plain($0) })
        } else if let members = value.members {
            self = .object(Dictionary(members.map { ($0.key, Plain($0.value)) }) { $1 })
        } else {
            self = .null
        }
    }

    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    init(_ flag: Bool?) { self = flag.map { .flag($0) } ?? .null }
    init(_ number: Int64?) { self = number.map { .number(Double($0)) } ?? .null }
    init(_ texts: [String]) { self = .list(texts.map { .text($0) }) }

    /// Whether everything the other says is said here; of an object only the members that the other has.
    func says(_ other: Plain) -> Bool {
        guard case .object(let own) = self, case .object(let asked) = other else { return self == other }
        return asked.allSatisfy { key, value in (own[key] ?? .null).says(value) }
    }
}
