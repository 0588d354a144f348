import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Store

@Suite struct CachedRecordTests {
    private static let id = IntegrationID(UUID())
    private static let digest = TokenDigest(of: "a token")
    private static let stamp = CacheStamp(
        origin: DatabaseIdentity(text: "0123456789abcdef"), revision: 812, asOf: .max)

    private static func entry(name: String?, clinic: Bool = true) -> RoutingEntry {
        RoutingEntry(
            integrationID: id, organizationID: OrganizationID(UUID()), clinicID: clinic ? ClinicID(UUID()) : nil,
            instanceName: name.map(InstanceName.init), isEnabled: clinic, revision: stamp.revision)
    }

    @Test(arguments: ["clinic-abc123", "", "-", "a b  c", "=x", "São José\r\n$5", "\u{1F600}", nil])
    func integrationIsReadBackAsItWas(_ name: String?) throws {
        for clinic in [true, false] {
            let record = CachedRecord(.integration(Self.entry(name: name, clinic: clinic)), Self.stamp)
            #expect(CachedRecord.integration(Self.id, record.text) == record)
        }
    }

    @Test(arguments: [
        TokenStanding.current, .revoked, .grace(until: Date(timeIntervalSince1970: 1_924_992_000.123456)),
    ])
    func tokenIsReadBackAsItWas(_ standing: TokenStanding) throws {
        for holder in [Self.id, nil] {
            let record = CachedRecord(.token(Self.digest, holder, standing), Self.stamp)
            #expect(CachedRecord.token(Self.digest, record.text) == record)
        }
    }

    @Test func integrationWithASecondFactorIsWrittenAsWithheld() throws {
        let factor = SecondFactor(mode: .observe, secrets: FactorSecrets(jwtKey: EvolutionJWTKey("the-key")))
        let entry = RoutingEntry(
            integrationID: Self.id, organizationID: nil, clinicID: nil, instanceName: nil, isEnabled: true,
            revision: 812,
            secondFactor: factor)
        let record = CachedRecord(.integration(entry), origin: Self.stamp.origin, asOf: .max)
        #expect(record == CachedRecord(.withheld(Self.id), Self.stamp))
        #expect(CachedRecord.integration(Self.id, record.text) == record)
        #expect(CachedRouting(CachedRecord(.token(Self.digest, Self.id, .current), Self.stamp), record) == nil)
    }

    @Test func deletionAndNameAreReadBackAsTheyWere() throws {
        let deletion = CachedRecord(.deleted(Self.id), Self.stamp)
        #expect(CachedRecord.integration(Self.id, deletion.text) == deletion)
        let name = InstanceName("a b")
        for holder in [Self.id, nil] {
            let record = CachedRecord(nameOf: name, holder, origin: Self.stamp.origin, asOf: 7)
            #expect(CachedRecord.name(name, record.text) == record)
        }
    }

    @Test func stampsOrderAsTextAsTheyDoAsNumbers() {
        func text(_ revision: UInt64, _ asOf: UInt64) -> Substring {
            CacheStamp(origin: Self.stamp.origin, revision: revision, asOf: asOf).text.dropFirst(19)
        }
        #expect(text(9, 0) < text(10, 0) && text(10, 9) < text(10, 10) && text(10, .max) < text(11, 0))
        #expect(text(.max, .max).count == 41)
    }

    /// What is cut off, altered or of another version is nothing, and never something else.
    @Test func damagedTextIsNoRecord() {
        let texts = [
            CachedRecord(.integration(Self.entry(name: nil)), Self.stamp).text,
            CachedRecord(.token(Self.digest, Self.id, .current), Self.stamp).text,
        ]
        for text in texts {
            for length in 0..<text.count {
                #expect(CachedRecord.token(Self.digest, String(text.prefix(length))) == nil)
                #expect(CachedRecord.integration(Self.id, String(text.prefix(length))) == nil)
            }
            #expect(CachedRecord.token(Self.digest, "2" + text.dropFirst()) == nil)
            #expect(CachedRecord.integration(Self.id, "2" + text.dropFirst()) == nil)
        }
        var random = SeededGenerator(seed: 21)
        for _ in 0..<2_000 {
            var bytes = Array(texts[1].utf8)
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20...0x7E, using: &random)
            let read = CachedRecord.token(Self.digest, String(decoding: bytes, as: UTF8.self))
            if let read { #expect(read.text == String(decoding: bytes, as: UTF8.self)) }
        }
    }
}
