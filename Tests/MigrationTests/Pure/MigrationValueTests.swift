import HookgateCore
import Migration
import Testing

struct MigrationValueTests {
    @Test(
        arguments: [
            ("+1 (234) 567-890", "+1234567890"), ("0049 170 1234567", "+491701234567"),
            ("491701234567@s.whatsapp.net", "+491701234567"), ("491701234567:12@s.whatsapp.net", "+491701234567"),
            ("+4930123", "+4930123"), ("0501234567", nil), ("12345", nil), ("", nil), ("call reception", nil),
            ("+1234567890123456", nil), ("١٢٣٤٥٦٧٨٩٠", nil),
        ] as [(String, String?)])
    func phoneNumberIsNormalisedOrRefused(written: String, normalised: String?) {
        #expect(PhoneNumber(written)?.text == normalised)
    }

    @Test(
        arguments: [
            ("clinic-\(World.clinicA)", 1), ("\(World.clinicA)", 1), ("\(World.clinicA)-\(World.clinicB)", 2),
            ("\(World.clinicA)_\(World.clinicA)", 1), ("0\(World.clinicA)", 0), ("clinic-abc123", 0), ("", 0),
            ("sales-0a1b2c3d", 0),
        ])
    func uuidsInsideNamesAreFound(text: String, count: Int) {
        #expect(UUIDScanner.uuids(in: text).count == count)
    }

    @Test func configTextEscapesAsPostgresDoes() {
        #expect(ConfigMembers.quoted("a\"\\\n\t\u{01}/é") == "\"a\\\"\\\\\\n\\t\\u0001/é\"")
    }

    @Test func twoSpellingsOfOneCharacterAreTwoKeys() {
        let members = ConfigMembers(keys: ["é", "e\u{301}"], values: ["1", "2"])
        #expect(members["é"] == "1")
        #expect(members["e\u{301}"] == "2")
    }

    @Test func nullMemberIsAGap() {
        var members = ConfigMembers(keys: ["a"], values: ["null"])
        members.fillGaps(from: ConfigMembers(keys: ["a"], values: ["1"]))
        #expect(members["a"] == "1")
    }

    @Test func digestTellsPlansApart() {
        let plans = [
            World.plan(), World.plan("other"), World.plan(rows: [World.row(status: "error")]),
            World.plan(rows: [World.row(phone: "+1234567890")]), World.plan(directory: World.directory([])),
        ]
        #expect(Set(plans.map { digest([$0]) }).count == plans.count)
        #expect(digest(plans) == digest(plans))
        #expect(digest(plans) != digest(plans.reversed()))
    }

    @Test func emptyPlanHasTheDigestOfNothing() {
        #expect(digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    private func digest(_ plans: [PlannedInstance]) -> String {
        var digest = PlanDigest()
        for plan in plans { digest.add(plan) }
        return digest.text()
    }
}
