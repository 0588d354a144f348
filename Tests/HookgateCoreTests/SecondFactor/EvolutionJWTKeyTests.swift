import FoundationEssentials
import HookgateCore
import Testing

/// Tokens that another program signed, with `a-key-of-the-instance` unless a row says otherwise. They were made at
/// 1760918400 and expire ten minutes later, as Evolution's do.
struct EvolutionJWTKeyTests {
    private static let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    private static let claims =
        "eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6MTc2MDkxOTAwMCwiYXBwIjoiZXZvbHV0aW9uIiwiYWN0aW9uIjoid2ViaG9vayJ9"
    private static let good = "\(head).\(claims).UTEmrdtv0S-rNzzhcUh_18AqemJ0EuJlSQyOkpw4mEA"
    private static let expiry: TimeInterval = 1_760_919_000

    private func judge(_ authorization: [String], at seconds: TimeInterval = expiry - 300) throws -> SecondFactorOutcome
    {
        let factor = SecondFactor(
            mode: .enforce, secrets: FactorSecrets(jwtKey: try #require(EvolutionJWTKey("a-key-of-the-instance"))))
        let judgement = SecondFactorPolicy().judge(
            FactorSample.entry(factor), signature: nil, at: Date(timeIntervalSince1970: seconds)
        ) { name in name == "authorization" ? authorization : [] }
        return try #require(judgement).outcome
    }

    @Test(arguments: ["Bearer ", "bearer ", "BEARER  "])
    func tokenThatTheKeyHasSignedHolds(scheme: String) throws {
        #expect(try self.judge([scheme + Self.good]) == .satisfied)
    }

    /// Evolution signs once for each event and then tries for up to three quarters of an hour.
    @Test(arguments: [
        (-600, SecondFactorOutcome.satisfied), (-1, .satisfied), (0, .late), (1, .late), (35 * 60, .late),
        (45 * 60, .late), (45 * 60 + 1, .expired), (86_400, .expired),
    ])
    func expiredTokenOfALateRetryIsLateUntilEvolutionGivesUp(age: Int, expected: SecondFactorOutcome) throws {
        #expect(try self.judge(["Bearer \(Self.good)"], at: Self.expiry + TimeInterval(age)) == expected)
    }

    @Test(arguments: [
        // alg none, in three spellings; with no signature and with one that holds.
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\(claims).",
        "eyJhbGciOiJOb05lIn0.\(claims).",
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\(claims).THKSMmZp1486oMgJ70JPSmgrviomf7ZxYUNhnqp6NPo",
        "\(head).\(claims).",
        // HS512: signed by that, and by HS256 under its name; RS256 under the same key; no algorithm at all.
        "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.\(claims)."
            + "virdm9OuM6bb4tbMDmNAkXmuVYNlrQi4Wmix25l-zThMi0_4zjHG7SOCthR2zRJmdGIdwD1Ev-R4wx4eo3Fzzw",
        "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.\(claims).hiLOC8S6grMrz4zz77JyFrdaOb_cnHaxSb9kXTTiE0c",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.\(claims).rEtyUNPqt9l-mnXQCJhzXhKmYqhSejrxS7l8b5VNwqs",
        "eyJ0eXAiOiJKV1QifQ.\(claims).oItEklkwAb0b_uJpCg0ta0LNKWkdlelgXK-sNom5-nw",
        // An extension that must be understood, and is not.
        "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il19.\(claims).BZqmvG6ey6dsx8RWvPrPoqagdp09iECIwLVPCD2-gcI",
        // Another key, and the empty one.
        "\(head).\(claims).n-_TrdjZOBKrzZiMBkNmov1xao2iaqPOcFkn6hKh8Gk",
        "\(head).\(claims).zKB6_dDaxEDNGH3mrYR6dK2kWDuAzDFUqWMEKkR62FE",
        // Another app, none; no expiry, an expiry that is a text, null, or no number that there is.
        "\(head).eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6MTc2MDkxOTAwMCwiYXBwIjoib3RoZXIiLCJhY3Rpb24iOiJ3ZWJob29rIn0"
            + ".IhsCE_EzzMyIl2p_daSXmDWrywAE7SfbsDqM0dafK_U",
        "\(head).eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6MTc2MDkxOTAwMCwiYWN0aW9uIjoid2ViaG9vayJ9"
            + ".cNps6yOFfnR0HEDUONomt2pbKRMEpyR1H9Yiulgqvq8",
        "\(head).eyJpYXQiOjE3NjA5MTg0MDAsImFwcCI6ImV2b2x1dGlvbiIsImFjdGlvbiI6IndlYmhvb2sifQ"
            + ".kxl8EA22dL0e9c-pe-bIVXyTPSsZnBajOTSoe6ll9I8",
        "\(head).eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6IjE3NjA5MTkwMDAiLCJhcHAiOiJldm9sdXRpb24iLCJhY3Rpb24iOiJ3ZWJob29rIn0"
            + ".dQXSlKwKHYd0rtTKq4--UJjc1Yz6kouV1tu9RnbW4Zc",
        "\(head).eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6bnVsbCwiYXBwIjoiZXZvbHV0aW9uIiwiYWN0aW9uIjoid2ViaG9vayJ9"
            + ".QBj4Kyv3Z048zNQfv52Ptzup9XECF2HAflh96HyhsHA",
        "\(head).eyJhcHAiOiJldm9sdXRpb24iLCJleHAiOjFlOTk5fQ.Rz1tmI-pDoIZPVah2XLgNFB3GoqCMwLD4mwBmFOGWdk",
        // Claims that are an array, or break off; rightly signed.
        "\(head).W10.DqFUrOvvtNUY0bTDWE7815CBVBQSWkzhH9AiTUMkPQA",
        "\(head).eyJhcHAiOiJldm9sdXRpb24iLCJleHAiOg.pZ0BITNrRuFi4vtsnobKdqYyIEOeN0sIycp3PK_WdXU",
        // What is no token.
        "", ".", "..", "...", "a.b.c", "\(head).\(claims)", good + ".", good + "=", good + "A", "." + good,
        good.replacing("-", with: "+"), "!!!.???.***", "\u{1F600}.\u{1F600}.\u{1F600}",
    ])
    func forgedOrMangledTokenIsWrong(token: String) throws {
        #expect(try self.judge(["Bearer \(token)"]) == .wrong)
    }

    @Test func everyFlippedCharacterIsWrong() throws {
        for index in Self.good.utf8.indices {
            var bytes = Array(Self.good.utf8)
            let place = Self.good.utf8.distance(from: Self.good.utf8.startIndex, to: index)
            // The last character of 32 bytes has two bits that must be nought; this changes others.
            bytes[place] = bytes[place] == UInt8(ascii: "g") ? UInt8(ascii: "Q") : UInt8(ascii: "g")
            #expect(try self.judge(["Bearer \(String(decoding: bytes, as: UTF8.self))"]) == .wrong, "\(place)")
        }
    }

    @Test func hugeTokenIsWrongBeforeItIsLookedAt() throws {
        #expect(try self.judge(["Bearer " + String(repeating: "A", count: 1 << 20)]) == .wrong)
        #expect(try self.judge(["Bearer " + String(repeating: ".", count: 1 << 20)]) == .wrong)
    }

    @Test func otherSchemesAndNoHeaderAreMissing() throws {
        for header in [[], [""], ["Basic dXNlcjpwYXNz"], [Self.good], ["Bearer"], ["Token \(Self.good)"]] {
            let expected: SecondFactorOutcome = header == ["Bearer"] ? .wrong : .missing
            #expect(try self.judge(header) == expected, "\(header)")
        }
    }

    @Test func twoTokensAreWrongAndABesidesThatIsNoneDoesNotMatter() throws {
        #expect(try self.judge(["Bearer \(Self.good)", "Bearer \(Self.good)"]) == .wrong)
        #expect(try self.judge(["Basic dXNlcjpwYXNz", "Bearer \(Self.good)"]) == .satisfied)
    }

    @Test func emptyKeyIsNoneAndNoKeyIsPrinted() throws {
        #expect(EvolutionJWTKey("") == nil)
        let key = try #require(EvolutionJWTKey("a-key-of-the-instance"))
        let factor = SecondFactor(mode: .observe, secrets: FactorSecrets(jwtKey: key))
        for text in ["\(key)", String(reflecting: key), "\(factor.secrets)", String(reflecting: factor.secrets)] {
            #expect(!text.contains("instance"), "\(text)")
        }
        var dumped = ""
        dump(FactorSample.entry(factor), to: &dumped)
        #expect(!dumped.contains("a-key-of"))
    }
}

enum FactorSample {
    static func entry(_ factor: SecondFactor?) -> RoutingEntry {
        RoutingEntry(
            integrationID: IntegrationID(UUID()), organizationID: nil, clinicID: ClinicID(UUID()),
            instanceName: InstanceName("clinic-abc123"), isEnabled: true, revision: 1, secondFactor: factor)
    }
}
