import Fleet
import HookgateCore
import Store
import Testing

@Suite struct DoctorFindingTests {
    @Test(arguments: DoctorCheck.allCases)
    func everyCheckSaysWhatToDo(check: DoctorCheck) {
        let sample = DoctorSample(
            total: 1, items: [DoctorItem(subject: "it's", id: "o'clock", facts: [.init("ids", "one, …")])])
        let finding = DoctorFinding(check, .found(sample))
        #expect(finding.result == .attention)
        #expect(finding.summary.hasPrefix("1 "))
        #expect(finding.remedy?.advice.isEmpty == false)
        #expect(finding.remedy?.commands.contains { $0.contains("'o'clock'") } == false, "quotes are doubled")
        #expect(DoctorFinding(check, .found(.none)).result == .ok)
        #expect(DoctorFinding(check, .found(DoctorSample(total: 2, items: []))).summary.hasPrefix("2 "))
    }

    @Test func namesOfChecksAreForShells() {
        for check in DoctorCheck.allCases {
            #expect(check.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
        }
        #expect(Set(DoctorCheck.allCases.compactMap(\.fix)) == Set(DoctorFix.allCases))
    }

    @Test func hiddenTablesAreCannotTellWithTheGrant() {
        let finding = DoctorFinding(.missingTokens, .hidden(["a.b (c, d)", "e.f"], role: "reader"))
        #expect(finding.result == .cannotTell)
        #expect(
            finding.remedy?.commands == ["GRANT SELECT (c, d) ON a.b TO reader;", "GRANT SELECT ON e.f TO reader;"])
    }

    /// The statement knows the words by a list; the migration by its mapping.
    @Test func knownStatusWordsAreThoseOfTheMigration() {
        for word in DoctorStatusWords.known where word != IntegrationStatus.error.rawValue {
            #expect(!IntegrationStatus.migrated(fromLegacy: word).isOdd, "\(word)")
        }
        for word in ["unknown", "disabled", "waiting_qr", "inactive", nil] {
            #expect(IntegrationStatus.migrated(fromLegacy: word).isOdd)
        }
    }
}
