import Glibc

/// Who is at the keyboard, for the record of what was decided: `anna@host`.
enum CommandActor {
    static var current: String {
        var name = [CChar](repeating: 0, count: 256)
        let host = gethostname(&name, name.count - 1) == 0 ? Self.text(name) : "unknown host"
        return "\(user)@\(host)"
    }

    private static var user: String {
        // The number stands for a user without an entry, as in many containers.
        guard let entry = getpwuid(geteuid()) else { return "uid \(geteuid())" }
        return String(cString: entry.pointee.pw_name)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
