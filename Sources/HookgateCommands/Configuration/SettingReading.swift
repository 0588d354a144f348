import FoundationEssentials
import HookgateCore
import Logging
import RedisClient
import Store

/// From a setting's text to its value. Pure; each says what is wrong without repeating what may be secret.
enum SettingReading {
    static func secret(_ text: String) throws(InvalidSetting) -> Secret {
        Secret(text)
    }

    /// libpq itself reads the rest; this catches what people paste by mistake.
    static func databaseURL(_ text: String) throws(InvalidSetting) -> String {
        if text.contains("[YOUR-PASSWORD]") {
            throw InvalidSetting("it still says [YOUR-PASSWORD]; put the database's password in its place")
        }
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") { return text }
        if text.hasPrefix("http://") || text.hasPrefix("https://") {
            throw InvalidSetting(
                "this is a web address; give the connection string, which begins with postgres:// "
                    + "(Supabase shows it under Connect)")
        }
        guard !text.contains("://"), text.contains("=") else {
            throw InvalidSetting("not a connection string; it looks like postgres://user:password@host:5432/database")
        }
        return text
    }

    static func redisURL(_ text: String) throws(InvalidSetting) -> RedisAddress {
        do throws(RedisAddressFlaw) {
            return try RedisAddress(text)
        } catch {
            throw InvalidSetting("not a Redis address, such as redis://:password@host:6379/0: \(error)")
        }
    }

    /// A web address that others are appended to: without a query, and without the slash at its end.
    static func baseURL(_ text: String) throws(InvalidSetting) -> String {
        let address = try webURL(text)
        guard !address.contains("?"), !address.contains("#") else {
            throw InvalidSetting("paths are appended to this address, so it must not hold \"?\" or \"#\"")
        }
        return String(address.reversed().drop { $0 == "/" }.reversed())
    }

    /// What webhook URLs begin with.
    static func publicURL(_ text: String) throws(InvalidSetting) -> PublicURL {
        do throws(PublicURL.Flaw) {
            return try PublicURL(text)
        } catch {
            throw InvalidSetting("this address cannot carry webhook paths: \(error)")
        }
    }

    static func webURL(_ text: String) throws(InvalidSetting) -> String {
        guard let components = URLComponents(string: text), ["http", "https"].contains(components.scheme),
            components.host?.isEmpty == false
        else { throw InvalidSetting("not a web address; it looks like https://example.org") }
        return text
    }

    static func count(_ text: String) throws(InvalidSetting) -> Int {
        guard let count = Int(text), count > 0 else {
            throw InvalidSetting("not a number; give a whole number from 1 on, as in 10000")
        }
        return count
    }

    /// A number of bytes, or of KiB, MiB or GiB.
    static func byteCount(_ text: String) throws(InvalidSetting) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30]
        let unit = String(text.dropFirst(digits.count).drop { $0 == " " }).lowercased()
        guard let number = Int(digits), number > 0, let factor = units[unit] else {
            throw InvalidSetting("not a size; give bytes, or KiB, MiB or GiB, as in 256MiB")
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows else { throw InvalidSetting("larger than any disk; give a size as in 256MiB") }
        return bytes
    }

    /// A day, as the instant at which it begins in UTC.
    static func day(_ text: String) throws(InvalidSetting) -> Date {
        // The parser reads what begins with a date, and takes February's thirtieth for the second of March.
        guard let day = try? Date(text, strategy: .iso8601.year().month().day()),
            day.formatted(.iso8601.year().month().day()) == text
        else {
            throw InvalidSetting("not a day; give year, month and day, as in 2027-01-31")
        }
        return day
    }

    /// How long something is kept. Days go as a whole, so less than one would promise what nobody keeps.
    static func retentionTime(_ text: String) throws(InvalidSetting) -> Duration {
        let day = 86_400
        guard let time = DurationText.parse(text), (.seconds(day) ... .seconds(3_650 * day)).contains(time) else {
            throw InvalidSetting("not a time from a day to ten years; write it as 7d")
        }
        return time
    }

    /// How often servers are asked; zero for never.
    static func pollInterval(_ text: String) throws(InvalidSetting) -> Duration {
        guard let time = DurationText.parse(text), time == .zero || (.seconds(10) ... .seconds(86_400)).contains(time)
        else { throw InvalidSetting("not a time from 10s to a day, nor 0 for never; write it as 5m") }
        return time
    }

    static func scaledClock(_ text: String) throws(InvalidSetting) -> ScaledClock {
        guard let clock = ScaledClock(text) else {
            throw InvalidSetting(
                "not a clock; give how many times as fast, and from when on: 60480@2026-03-01T08:30:00Z")
        }
        return clock
    }

    static func masterKey(_ text: String) throws(InvalidSetting) -> BodyMasterKey {
        do throws(BodyMasterKey.Flaw) {
            return try BodyMasterKey(base64: text)
        } catch {
            switch error {
            case .notBase64: throw InvalidSetting("not base64; make a key with `openssl rand -base64 32`")
            case .wrongLength(let bytes):
                throw InvalidSetting("\(bytes) bytes and not 32; make a key with `openssl rand -base64 32`")
            }
        }
    }

    static func masterKeys(_ text: String) throws(InvalidSetting) -> [BodyMasterKey] {
        var keys: [BodyMasterKey] = []
        for part in text.split(separator: ",") {
            keys.append(try masterKey(String(part.filter { !$0.isWhitespace })))
        }
        return keys
    }

    /// One or several secrets that sign.
    static func signingSecrets(_ text: String) throws(InvalidSetting) -> SigningSecrets {
        do throws(SigningSecretFlaw) {
            return try SigningSecrets(text)
        } catch {
            throw InvalidSetting(error.description)
        }
    }

    static func permission(_ text: String) throws(InvalidSetting) -> Bool {
        switch text.lowercased() {
        case "allow": return true
        case "refuse": return false
        default: throw InvalidSetting("use allow or refuse")
        }
    }

    /// One of the words of a closed set.
    static func word<Word: RawRepresentable<String> & CaseIterable>(
        of type: Word.Type
    ) -> (String) throws(InvalidSetting) -> Word {
        { (text) throws(InvalidSetting) in
            guard let word = Word(rawValue: text.lowercased()) else {
                throw InvalidSetting("use \(Word.allCases.map(\.rawValue).joined(separator: " or "))")
            }
            return word
        }
    }

    /// Evolution refuses to send more, and PostgreSQL takes a gigabyte.
    static func bodyLimit(_ text: String) throws(InvalidSetting) -> Int {
        let bytes = try byteCount(text)
        guard (1 << 20...136 << 20).contains(bytes) else {
            throw InvalidSetting("give a size from 1MiB to 136MiB, the most that Evolution sends")
        }
        return bytes
    }

    static func durability(_ text: String) throws(InvalidSetting) -> Durability {
        guard let durability = Durability(rawValue: text.lowercased()) else {
            let words = Durability.allCases.map(\.rawValue).joined(separator: " or ")
            throw InvalidSetting("\"\(text)\" is not a durability; use \(words)")
        }
        return durability
    }

    static func secondFactorMode(_ text: String) throws(InvalidSetting) -> SecondFactorMode {
        guard let mode = SecondFactorMode(rawValue: text.lowercased()) else {
            throw InvalidSetting("\"\(text)\" is no mode; use off, observe or enforce")
        }
        return mode
    }

    static func logLevel(_ text: String) throws(InvalidSetting) -> Logger.Level {
        // Other stacks say these two, and share the variable with us.
        let word = ["warn": "warning", "fatal": "critical"][text.lowercased()] ?? text.lowercased()
        guard let level = Logger.Level(rawValue: word) else {
            let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidSetting("\"\(text)\" is not a log level; use one of \(words)")
        }
        return level
    }

    static func logFormat(_ text: String) throws(InvalidSetting) -> LogFormat {
        guard let format = LogFormat(rawValue: text.lowercased()) else {
            throw InvalidSetting("\"\(text)\" is not a log format; use text or json")
        }
        return format
    }
}
