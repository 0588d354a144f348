import FoundationEssentials
import HookgateCore
import Logging
import Testing

@testable import HookgateCommands

struct ConfigurationValueTests {
    private func configuration(_ environment: [String: String]) throws -> Configuration {
        try ConfigurationResolver(environment: environment).configuration()
    }

    private func problem(_ environment: [String: String]) throws -> ConfigurationError.Problem {
        let error = try #require(throws: ConfigurationError.self) { try configuration(environment) }
        return try #require(error.problems.first)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:80", "::1", 80), ("localhost:0", "localhost", 0),
    ])
    func listenAddressIsHostAndPort(text: String, host: String, port: Int) throws {
        #expect(try configuration(["HOOKGATE_LISTEN": text]).listen == ListenAddress(host: host, port: port))
    }

    @Test(arguments: ["8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "a b:80", "x:-1"])
    func wrongListenAddressIsRefusedWithItsPlace(text: String) throws {
        #expect(try problem(["HOOKGATE_LISTEN": text]).place == "environment HOOKGATE_LISTEN")
    }

    @Test func wrongPortNamesItsVariable() throws {
        #expect(try problem(["PORT": "80a"]).place == "environment PORT")
    }

    @Test(arguments: [("136MiB", 136 << 20), ("1MiB", 1 << 20), ("2000000", 2_000_000)])
    func bodiesMayBeAsLongAsEvolutionSendsThem(text: String, bytes: Int) throws {
        #expect(try configuration(["HOOKGATE_MAX_BODY": text]).maxBodyBytes == bytes)
        #expect(try configuration([:]).maxBodyBytes == 64 << 20)
    }

    @Test(arguments: ["137MiB", "1GiB", "1000", "0", "many"])
    func otherBodyLimitsAreRefused(text: String) throws {
        #expect(try problem(["HOOKGATE_MAX_BODY": text]).message.contains("size"))
    }

    @Test func durabilityIsLocalOrShared() throws {
        #expect(try configuration([:]).durability == .local)
        #expect(try configuration(["HOOKGATE_DURABILITY": "Shared"]).durability == .shared)
        #expect(try problem(["HOOKGATE_DURABILITY": "both"]).message.contains("local or shared"))
    }

    @Test(arguments: [
        "postgres://u:p@h:6543/db?sslmode=require", "postgresql:///db", "host=db password='a b'",
        "postgres://u@a:1,b:2/db",
    ])
    func connectionStringsOfLibpqAreTaken(text: String) throws {
        #expect(try configuration(["DATABASE_URL": text]).databaseURL == text)
    }

    @Test(arguments: [
        ("https://abc.supabase.co", "web address"), ("mysql://db", "not a connection string"),
        ("db.example.org", "not a connection string"),
        ("postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co:5432/postgres", "[YOUR-PASSWORD]"),
    ])
    func otherDatabaseURLsAreRefusedWithTheReason(text: String, reason: String) throws {
        #expect(try problem(["SUPABASE_DB_URL": text]).message.contains(reason))
    }

    @Test(arguments: ["redis://localhost:6379", "rediss://default:p@h:6380/0", "redis+unix:///run/redis.sock?db=1"])
    func redisAddressesAreTaken(text: String) throws {
        #expect(try configuration(["REDIS_URL": text]).redis != nil)
    }

    @Test(arguments: ["localhost:6379", "http://h", "redis://", "redis:", "redis://:s3cret@h:port"])
    func otherRedisAddressesAreRefused(text: String) throws {
        let message = try problem(["REDIS_URL": text]).message
        #expect(message.contains("redis://") && !message.contains("s3cret"))
    }

    @Test func publicURLLosesTheSlashAtItsEnd() throws {
        #expect(
            try configuration(["WEBHOOK_BASE_URL": "https://gate.example.org/in//"]).publicURL.text
                == "https://gate.example.org/in")
    }

    @Test(arguments: ["gate.example.org", "ftp://gate", "https://", "https://gate/?a=1", "https://gate/#x"])
    func publicURLThatCannotBeAppendedToIsRefused(text: String) throws {
        #expect(try problem(["HOOKGATE_PUBLIC_URL": text]).place == "environment HOOKGATE_PUBLIC_URL")
    }

    @Test(arguments: [
        ("debug", Logger.Level.debug), ("INFO", .info), ("Warn", .warning), ("WARNING", .warning), ("fatal", .critical),
    ])
    func logLevelsOfOtherStacksAreUnderstood(text: String, level: Logger.Level) throws {
        #expect(try configuration(["LOG_LEVEL": text]).logLevel == level)
    }

    @Test func unknownLogLevelListsTheKnownOnes() throws {
        #expect(try problem(["LOG_LEVEL": "verbose"]).message.contains("trace, debug, info"))
    }

    @Test func unknownLogFormatIsRefused() throws {
        #expect(try problem(["LOG_FORMAT": "xml"]).message == "\"xml\" is not a log format; use text or json")
    }

    @Test func legacySunsetIsADayThatBeginsInUTC() throws {
        #expect(
            try configuration(["HOOKGATE_LEGACY_SUNSET": "2027-01-31"]).legacySunset
                == Date(timeIntervalSince1970: 1_801_353_600))
    }

    @Test(arguments: ["2027", "2027-02-30", "31.01.2027", "2027-01-31T00:00:00Z", "tomorrow"])
    func whatIsNoDayIsRefused(text: String) throws {
        #expect(try problem(["HOOKGATE_LEGACY_SUNSET": text]).place == "environment HOOKGATE_LEGACY_SUNSET")
    }

    @Test func everyProblemIsReportedAtOnce() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try configuration(["PORT": "a", "LOG_LEVEL": "b", "LOG_FORMAT": "c", "DATABASE_URL": "d"])
        }
        #expect(error.problems.count == 4)
        #expect(error.description.split(separator: "\n").count == 4)
    }

    @Test func gatewayAndConsoleCannotShareOneAddress() throws {
        let shared = ["HOOKGATE_LISTEN": "127.0.0.1:80", "HOOKGATE_CONSOLE_LISTEN": "127.0.0.1:80"]
        #expect(try problem(shared).place == "environment HOOKGATE_CONSOLE_LISTEN")
        let chosenBySystem = ["HOOKGATE_LISTEN": "127.0.0.1:0", "HOOKGATE_CONSOLE_LISTEN": "127.0.0.1:0"]
        #expect(throws: Never.self) { try configuration(chosenBySystem) }
    }

    @Test func secretLosesTheLineBreakOfItsFile() throws {
        #expect(try configuration(["HOOKGATE_ADMIN_TOKEN": "s3cret\n"]).adminToken?.secretText == "s3cret")
    }

    @Test func evolutionServerOfTheEnvironmentIsCalledDefault() throws {
        let servers = try configuration([
            "EVOLUTION_SERVER_URL": "https://evolution.example.org/", "EVOLUTION_API_KEY": "k",
        ]).evolutionServers
        #expect(
            servers == [
                Configuration.EvolutionServer(name: "default", url: "https://evolution.example.org", key: Secret("k"))
            ])
    }

    @Test func whatIsDoneWithIsKeptForAWeekAndTheRestForThreeMonths() throws {
        #expect(try configuration([:]).retention == RetentionTimes())
        let changed = try configuration(["HOOKGATE_RETAIN_BODIES": "1d", "HOOKGATE_RETAIN_EVENTS": "48h"]).retention
        #expect(changed == RetentionTimes(bodies: .seconds(86_400), events: .seconds(2 * 86_400)))
        #expect(try problem(["HOOKGATE_RETAIN_BODIES": "12h"]).place == "environment HOOKGATE_RETAIN_BODIES")
        #expect(try problem(["HOOKGATE_RETAIN_EVENTS": "6d"]).message.contains("not forgotten before its body"))
    }

    @Test func masterKeysAreThirtyTwoBytesOfBase64() throws {
        let key = String(repeating: "A", count: 43) + "="
        #expect(try configuration([:]).bodyMasterKeys == nil)
        #expect(
            try configuration([
                "HOOKGATE_BODY_ENCRYPTION_KEY": key, "HOOKGATE_BODY_ENCRYPTION_OLD_KEYS": "\(key), \(key)",
            ]).bodyMasterKeys != nil)
        let short = try problem(["HOOKGATE_BODY_ENCRYPTION_KEY": "s3cretkey"])
        #expect(short.message.contains("openssl rand -base64 32") && !short.message.contains("s3cret"))
        #expect(
            try problem(["HOOKGATE_BODY_ENCRYPTION_OLD_KEYS": "\(key),x"]).place
                == "environment HOOKGATE_BODY_ENCRYPTION_OLD_KEYS")
    }
}
