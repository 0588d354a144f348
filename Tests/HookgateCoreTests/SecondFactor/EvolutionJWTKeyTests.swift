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
            mode: .enforce, secrets: FactorSecrets(jwtKey: EvolutionJWTKey("a-key-of-the-instance")))
        let judgement = SecondFactorPolicy().judge(
            FactorSample.entry(factor), signature: nil, at: Date(timeIntervalSince1970: seconds)
        ) { name in name == "authorization" ? authorization : [] }
        return try #require(judgement).outcome
    }

    @Test(arguments: ["Bearer ", "bearer ", "BEARER  "])
    func tokenThatTheKeyHasSignedHolds(scheme: String) throws {
        #expect(try self.judge([scheme + Self.good]) == .satisfied)
    }

    private static let ages: [(TimeInterval, SecondFactorOutcome)] = [
        (-600, .satisfied), (-1, .satisfied), (0, .late), (1, .late), (2_100, .late), (2_700, .late), (2_701, .expired),
        (86_400, .expired),
    ]

    /// Evolution signs once for each event and then tries for up to three quarters of an hour.
    @Test func expiredTokenOfALateRetryIsLateUntilEvolutionGivesUp() throws {
        for (age, expected) in Self.ages {
            #expect(try self.judge(["Bearer \(Self.good)"], at: Self.expiry + age) == expected, "\(age)")
        }
    }

    private struct Forged {
        let head: String
        let claims: String
        let signature: String

        var text: String { "\(head).\(claims).\(signature)" }
    }

    private static let noneHead = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    private static let noneSignature = "THKSMmZp1486oMgJ70JPSmgrviomf7ZxYUNhnqp6NPo"
    private static let hs512Head = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"
    private static let hs512Signature =
        "virdm9OuM6bb4tbMDmNAkXmuVYNlrQi4Wmix25l-zThMi0_4zjHG7SOCthR2zRJmdGIdwD1Ev-R4wx4eo3Fzzw"
    private static let otherApp =
        "eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6MTc2MDkxOTAwMCwiYXBwIjoib3RoZXIiLCJhY3Rpb24iOiJ3ZWJob29rIn0"
    private static let noApp = "eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6MTc2MDkxOTAwMCwiYWN0aW9uIjoid2ViaG9vayJ9"
    private static let noExpiry = "eyJpYXQiOjE3NjA5MTg0MDAsImFwcCI6ImV2b2x1dGlvbiIsImFjdGlvbiI6IndlYmhvb2sifQ"
    private static let textExpiry =
        "eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6IjE3NjA5MTkwMDAiLCJhcHAiOiJldm9sdXRpb24iLCJhY3Rpb24iOiJ3ZWJob29rIn0"
    private static let nullExpiry =
        "eyJpYXQiOjE3NjA5MTg0MDAsImV4cCI6bnVsbCwiYXBwIjoiZXZvbHV0aW9uIiwiYWN0aW9uIjoid2ViaG9vayJ9"

    private static let forged: [Forged] = [
        // alg none, in two spellings; with no signature and with one that holds.
        Forged(head: noneHead, claims: claims, signature: ""),
        Forged(head: "eyJhbGciOiJOb05lIn0", claims: claims, signature: ""),
        Forged(head: noneHead, claims: claims, signature: noneSignature),
        Forged(head: head, claims: claims, signature: ""),
        // HS512, and HS256 under its name; RS256 under the same key; no algorithm at all.
        Forged(head: hs512Head, claims: claims, signature: hs512Signature),
        Forged(head: hs512Head, claims: claims, signature: "hiLOC8S6grMrz4zz77JyFrdaOb_cnHaxSb9kXTTiE0c"),
        Forged(
            head: "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9", claims: claims,
            signature: "rEtyUNPqt9l-mnXQCJhzXhKmYqhSejrxS7l8b5VNwqs"),
        Forged(
            head: "eyJ0eXAiOiJKV1QifQ", claims: claims, signature: "oItEklkwAb0b_uJpCg0ta0LNKWkdlelgXK-sNom5-nw"),
        // An extension that must be understood, and is not.
        Forged(
            head: "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il19", claims: claims,
            signature: "BZqmvG6ey6dsx8RWvPrPoqagdp09iECIwLVPCD2-gcI"),
        // Another key, and the empty one.
        Forged(head: head, claims: claims, signature: "n-_TrdjZOBKrzZiMBkNmov1xao2iaqPOcFkn6hKh8Gk"),
        Forged(head: head, claims: claims, signature: "zKB6_dDaxEDNGH3mrYR6dK2kWDuAzDFUqWMEKkR62FE"),
        // Another app, none; no expiry, an expiry that is a text, null, or no number that there is.
        Forged(head: head, claims: otherApp, signature: "IhsCE_EzzMyIl2p_daSXmDWrywAE7SfbsDqM0dafK_U"),
        Forged(head: head, claims: noApp, signature: "cNps6yOFfnR0HEDUONomt2pbKRMEpyR1H9Yiulgqvq8"),
        Forged(head: head, claims: noExpiry, signature: "kxl8EA22dL0e9c-pe-bIVXyTPSsZnBajOTSoe6ll9I8"),
        Forged(head: head, claims: textExpiry, signature: "dQXSlKwKHYd0rtTKq4--UJjc1Yz6kouV1tu9RnbW4Zc"),
        Forged(head: head, claims: nullExpiry, signature: "QBj4Kyv3Z048zNQfv52Ptzup9XECF2HAflh96HyhsHA"),
        Forged(
            head: head, claims: "eyJhcHAiOiJldm9sdXRpb24iLCJleHAiOjFlOTk5fQ",
            signature: "Rz1tmI-pDoIZPVah2XLgNFB3GoqCMwLD4mwBmFOGWdk"),
        // Claims that are an array, or break off; rightly signed.
        Forged(head: head, claims: "W10", signature: "DqFUrOvvtNUY0bTDWE7815CBVBQSWkzhH9AiTUMkPQA"),
        Forged(
            head: head, claims: "eyJhcHAiOiJldm9sdXRpb24iLCJleHAiOg",
            signature: "pZ0BITNrRuFi4vtsnobKdqYyIEOeN0sIycp3PK_WdXU"),
    ]

    @Test func forgedTokenIsWrong() throws {
        for forged in Self.forged { #expect(try self.judge(["Bearer \(forged.text)"]) == .wrong, "\(forged)") }
    }

    @Test func mangledTokenIsWrong() throws {
        let good = Self.good
        let mangled: [String] = [
            "", ".", "..", "...", "a.b.c", "\(Self.head).\(Self.claims)", "\(good).", "\(good)=", "\(good)A",
            ".\(good)",
            good.replacing("-", with: "+"), "!!!.???.***", "\u{1F600}.\u{1F600}.\u{1F600}",
        ]
        for token in mangled { #expect(try self.judge(["Bearer \(token)"]) == .wrong, "\(token)") }
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
