/// Why a text is no Redis URL. Says what to write, and repeats nothing of what was written.
package enum RedisAddressFlaw: Error, Equatable {
    case scheme
    case noHost
    case port
    case database
    case noSocket
    case userWithoutPassword
    case escape
    case parameter
    case fragment
    case authoritiesWithoutTLS
}

extension RedisAddressFlaw: CustomStringConvertible {
    package var description: String {
        switch self {
        case .scheme: "it must begin with redis://, rediss:// (TLS) or redis+unix://"
        case .noHost: "it names no host; it looks like redis://:password@host:6379/0"
        case .port: "what follows the host's colon is no port; it looks like redis://host:6379"
        case .database: "the database is no number; it looks like redis://host:6379/1"
        case .noSocket: "it names no socket; it looks like redis+unix:///run/redis/redis.sock?db=1"
        case .userWithoutPassword:
            "before the @ stands no password; it looks like redis://:password@host or user:password@host"
        case .escape: "a % in it is not followed by two hexadecimal digits of UTF-8; write %25 for a percent sign"
        case .parameter: "it has a parameter that is not known or stands twice; known are db and cacert"
        case .fragment: "it holds a #; write %23 for one in a password"
        case .authoritiesWithoutTLS: "cacert means something with rediss:// only"
        }
    }
}
