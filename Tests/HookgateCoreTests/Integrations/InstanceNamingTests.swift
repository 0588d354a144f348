import HookgateCore
import Testing

struct InstanceNamingTests {
    @Test func oneClinicAndLabelAreAlwaysOneName() throws {
        let clinic = try #require(ClinicID("3FA85F64-5717-4562-B3FC-2C963F66AFA6"))
        #expect(
            InstanceNaming.name(clinic: clinic, label: nil)?.text == "clinic-3fa85f64-5717-4562-b3fc-2c963f66afa6")
        #expect(
            InstanceNaming.name(clinic: clinic, label: "night-2")?.text
                == "clinic-3fa85f64-5717-4562-b3fc-2c963f66afa6-night-2")
    }

    @Test(arguments: ["", "-", "a-", "a--b", "A", "recepção", "a b", "a/b", String(repeating: "a", count: 33)])
    func aLabelThatCannotStandInANameIsNone(label: String) throws {
        #expect(
            InstanceNaming.name(clinic: try #require(ClinicID("3fa85f64-5717-4562-b3fc-2c963f66afa6")), label: label)
                == nil)
    }

    @Test func aCursorIsReadAsItWasWritten() throws {
        let id = try #require(IntegrationID("a0000000-0000-4000-8000-000000000001"))
        let cursor = IntegrationCursor(title: "Clínica São João", instance: "a b/ç", id: id)
        #expect(IntegrationCursor(cursor.text) == cursor)
        for text in ["", "x", "AAAA"] { #expect(IntegrationCursor(text) == nil) }
    }

    @Test func everyNeededEventIsOneThatTheReleaseKnows() throws {
        for (version, count) in [("1.8.6", 6), ("2.1.0", 7), ("2.2.3", 9), ("2.3.7", 11), ("2.4.0", 11)] {
            let release = EvolutionRelease(version: try #require(EvolutionVersion(version)))
            #expect(Set(release.neededEvents).count == count)
        }
    }
}
