/// How a peer that should speak RESP does not.
package enum RESPViolation: Error, Equatable {
    case unknownType
    case badNumber
    case badLineEnd
    case badText
    case tooLong
    case tooDeep
    case tooMany
    /// A reply that no command asked for.
    case unasked
    /// A reply that this command cannot have.
    case unexpected
}

extension RESPViolation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownType: "a reply begins with no type of RESP"
        case .badNumber: "a length or number in a reply is none"
        case .badLineEnd: "a line of a reply does not end as it must"
        case .badText: "a line of a reply is not UTF-8"
        case .tooLong: "a reply is longer than the bound"
        case .tooDeep: "a reply is nested deeper than the bound"
        case .tooMany: "a reply has more elements than the bound"
        case .unasked: "a reply came that nobody had asked for"
        case .unexpected: "a reply is of another kind than the command's"
        }
    }
}
