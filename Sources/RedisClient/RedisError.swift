/// Why Redis did not do what it was asked.
package enum RedisError: Error, Equatable {
    /// There is no connection, for this reason. Nobody waited for it.
    case unavailable(String)
    /// A command was not answered in time; its connection is given up with everything on it.
    case timedOut
    /// More commands are waiting than the bound.
    case saturated
    case connectionLost
    case violation(RESPViolation)
    /// The server answered with an error; this is its code, such as `WRONGPASS`.
    case refused(String)
}

extension RedisError {
    /// Takes the code of an error line, when it looks like one: the rest may be anything.
    init(errorLine line: String) {
        let code = line.prefix { $0 != " " }
        let isCode = (1...24).contains(code.utf8.count) && code.utf8.allSatisfy { (0x41...0x5A).contains($0) }
        self = .refused(isCode ? String(code) : "ERR")
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .timedOut: "Redis did not answer in time"
        case .saturated: "too many commands wait for Redis"
        case .connectionLost: "the connection to Redis was closed"
        case .violation(let violation): "what answers at the Redis address does not speak Redis: \(violation)"
        case .refused(let code): "Redis refused a command (\(code))\(Self.advice(code))"
        }
    }

    private static func advice(_ code: String) -> String {
        switch code {
        case "WRONGPASS": ": the user or the password in the Redis URL is wrong"
        case "NOAUTH": ": put the password into the Redis URL"
        case "NOPERM": ": give the user its commands and keys by ACL"
        case "READONLY": ": the Redis URL points to a replica; give the primary's"
        case "OOM": ": its memory is full; raise maxmemory or let it evict"
        case "LOADING": ": it is still starting"
        default: ""
        }
    }
}
