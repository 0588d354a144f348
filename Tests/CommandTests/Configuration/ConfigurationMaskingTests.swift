import Testing

@testable import HookgateCommands

struct ConfigurationMaskingTests {
    @Test(arguments: [
        ("postgres://u:pw@h:5432/db?sslmode=require", "postgres://u:***@h:5432/db?sslmode=require"),
        ("postgres://u@h/db", "postgres://u@h/db"),
        ("postgres://h/db", "postgres://h/db"),
        ("postgres:///db", "postgres:///db"),
        ("postgres://u:p@ss/w?rd@h/db", "postgres://u:***@h/db"),
        ("postgres://u:@h/db", "postgres://u:***@h/db"),
        ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
        ("postgres://h/db?user=u&password=pw&sslmode=require", "postgres://h/db?user=u&password=***&sslmode=require"),
        ("https://h/in?token=abc&a=b", "https://h/in?token=***&a=b"),
        ("host=h password=pw dbname=db", "host=h password=*** dbname=db"),
        ("host=h password = 'p w\\' x' dbname=db", "host=h password=*** dbname=db"),
        ("password='never ends", "password=***"),
        ("sslpassword=x host=h", "sslpassword=*** host=h"),
        ("nothing we understand", "***"),
    ])
    func connectionIsShownWithoutItsPasswords(text: String, shown: String) {
        #expect(Masking.shown(text, .connection) == shown)
    }

    @Test(arguments: [
        ("https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com/***"),
        ("https://u:pw@h?x=y", "https://h/***"), ("not a url", "***"),
    ])
    func capabilityURLIsShownAsItsHost(text: String, shown: String) {
        #expect(Masking.shown(text, .capabilityURL) == shown)
    }

    /// 32 bytes that read `s3cret` in base64 again and again.
    private static let masterKey = String(repeating: "s3cret", count: 7) + "s="

    /// A value for each setting in which every part that must stay hidden reads `s3cret`.
    private static let environment: [String: String] = [
        "DATABASE_URL": "postgres://app:s3cret@db/app", "DATABASE_DIRECT_URL": "host=db password=s3cret",
        "REDIS_URL": "rediss://default:s3cret@redis:6380", "EVOLUTION_API_URL": "https://evolution.example.org",
        "EVOLUTION_API_KEY": "s3cret", "EVOLUTION_WEBHOOK_SECRET": "s3cret",
        "HOOKGATE_DELIVER_URL": "https://user:s3cret@backend.example.org/in",
        "HOOKGATE_DELIVER_SECRET": "whsec_s3crets3crets3crets3crets3crets3cretAAAA",
        "HOOKGATE_BODY_ENCRYPTION_KEY": masterKey, "HOOKGATE_BODY_ENCRYPTION_OLD_KEYS": masterKey,
        "HOOKGATE_ADMIN_TOKEN": "s3cret", "HOOKGATE_ALERT_URL": "https://hooks.example.org/s3cret",
        "HOOKGATE_ALERT_SECRET": "s3cret",
    ]

    @Test func noRenderingHoldsASecret() throws {
        let file = try ConfigurationFile(
            name: "h.yaml", text: "evolution-servers: {b: {api-url: 'https://x:s3cret@b.example.org', api-key: s3cret}}"
        )
        let configuration = try ConfigurationResolver(environment: Self.environment, file: file).configuration()
        var dumped = ""
        dump(configuration, to: &dumped)
        let report = ConfigurationReport(configuration)
        for rendering in [
            report.text, try report.json(), "\(configuration)", String(reflecting: configuration), dumped,
        ] {
            #expect(!rendering.contains("s3cret"))
        }
        #expect(report.text.contains("evolution-servers.b"))
        #expect(configuration.adminToken?.secretText == "s3cret")
    }

    @Test func everySecretIsStillSeenToBeSet() throws {
        let configuration = try ConfigurationResolver(environment: Self.environment).configuration()
        for found in configuration.settings where found.setting.secrecy != .open {
            #expect(found.shown != nil, "\(found.setting.name)")
            #expect(found.isMasked, "\(found.setting.name)")
        }
    }

    @Test func errorsHoldNoSecret() throws {
        let environment = [
            "DATABASE_URL": "s3cret", "REDIS_URL": "s3cret", "HOOKGATE_DELIVER_URL": "s3cret",
            "HOOKGATE_ALERT_URL": "s3cret", "EVOLUTION_API_URL": "s3cret",
        ]
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationResolver(environment: environment).configuration()
        }
        #expect(error.problems.count == 5)
        #expect(!error.description.contains("s3cret"))
    }
}
