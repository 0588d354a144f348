import Fleet
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// Each check against real rows: that it fires, and on what it must not.
@Suite(.timeLimit(.minutes(5))) struct DoctorCheckTests {
    @Test(arguments: Defect.all)
    func defectIsFound(_ defect: Defect) async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(defect.script)
            let finding = try #require(try await ward.diagnose(defect.check))
            #expect(finding.result == .attention, "\(finding.summary)")
            #expect(finding.evidence.items.map(\.subject) == [defect.subject])
            #expect(finding.evidence.total == 1)
            let told = finding.evidence.items.flatMap(\.facts).map(\.value).joined(separator: "\n")
            #expect(told.contains(defect.word), "\(told)")
            #expect(finding.remedy?.commands.isEmpty == false)
        }
    }

    @Test func everyCheckHasADefectThatItFinds() {
        #expect(Set(Defect.all.map(\.check)).union([.webhookURL, .oldRouteArrives]) == Set(DoctorCheck.allCases))
    }

    @Test func aWellFleetIsWell() async throws {
        try await Ward.withWellFleet { ward in
            for (check, finding) in try await ward.diagnose() {
                #expect(finding.result == .ok, "\(check.rawValue): \(finding.summary) \(finding.evidence)")
            }
        }
    }

    /// What the guide would have somebody delete.
    @Test func twoNumbersOfOneClinicAreNoDuplicates() async throws {
        try await Ward.withWellFleet { ward in
            let byTheGuide = try await ward.text(
                """
                SELECT count(*) FROM (
                    SELECT FROM healthcare.integrations WHERE type = 'whatsapp'
                    GROUP BY clinic_id, type, provider HAVING count(*) > 1) d
                """)
            #expect(byTheGuide == "1", "the guide's query takes the clinic's second number for a duplicate")
            for check in [DoctorCheck.duplicateInstances, .sameNumber, .repeatedInstances] {
                #expect(try await ward.diagnose(check)?.result == .ok)
            }
        }
    }

    @Test func oneNameUnderTwoProvidersIsNoDuplicate() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', 'twilio', '{"instance_name": "a-one"}')
                """)
            #expect(try await ward.diagnose(.duplicateInstances)?.result == .ok)
        }
    }

    @Test(arguments: [
        ("https://evolution.example.com/webhook/a-one", "as the status poll wrote it"),
        ("https://hooks.example.com/webhooks/evolution/a-one", "the legacy URL"),
        ("https://hooks.example.com/webhooks/evolution/whatsapp/somebody-elses", "another token"),
        ("https://hooks.example.com/integrations", "no webhook path"),
        ("a-one", "no web address"),
    ])
    func urlThatLeadsElsewhereIsNamedWithoutItsPath(url: String, what: String) async throws {
        try await Ward.withWellFleet { ward in
            for column in ["webhook_url = '\(url)'", "config = config || jsonb_build_object('webhook_url', '\(url)')"] {
                try await ward.run("UPDATE healthcare.integrations SET \(column) \(Defect.row) 'a-one'")
            }
            let finding = try #require(try await ward.diagnose(.webhookURL))
            #expect(finding.evidence.items.compactMap { $0.fact("what") }.count { $0.contains(what) } == 2)
            #expect(!"\(finding)".contains("somebody-elses"))
        }
    }

    @Test func loopbackAddressInATokenURLIsFound() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                UPDATE healthcare.integrations
                SET webhook_url = 'http://localhost:8080/webhooks/evolution/whatsapp/' || webhook_token \(Defect.row) 'a-one'
                """)
            let finding = try #require(try await ward.diagnose(.webhookURL))
            #expect(finding.evidence.items.first?.fact("what")?.contains("only its own machine") == true)
            #expect(try await ward.diagnose(.webhookHost)?.result == .ok, "that one host is told once")
        }
    }

    @Test func configuredHostIsTheOneThatCounts() async throws {
        try await Ward.withWellFleet { ward in
            let moved = Ward(ward.database, publicHost: "Hooks.Example.net")
            let finding = try #require(try await moved.diagnose(.webhookHost))
            #expect(finding.evidence.items.map(\.subject) == ["hooks.example.com"])
        }
    }

    @Test func silenceProvesNothingWhileNobodyListens() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run("DELETE FROM hookgate.coverage")
            let finding = try #require(try await ward.diagnose(.oldRouteTraffic))
            #expect(finding.result == .cannotTell)
            #expect(finding.remedy?.commands == ["hookgate serve"])
        }
    }

    @Test func aRunThatIsAtWorkIsNotInterrupted() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                "INSERT INTO hookgate.migration_runs (id, state, started_at) VALUES (gen_random_uuid(), 'running', '2026-01-14Z')"
            )
            let ledger = PostgresMigrationLedger(pool: ward.database.pool, lockURL: ward.database.url)
            let finding = try await ledger.withRunLock(wait: .seconds(30), onWait: {}) {
                try await ward.diagnose(.interruptedRun)
            }
            #expect(finding?.result == .ok)
            #expect(try await ward.diagnose(.interruptedRun)?.result == .attention)
        }
    }

    @Test func aFailedRunIsForgottenAfterAFinishedOne() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                "INSERT INTO hookgate.migration_runs (id, state, started_at) VALUES (gen_random_uuid(), 'failed', '2026-01-13Z')"
            )
            #expect(try await ward.diagnose(.interruptedRun)?.result == .attention)
            try await ward.run(
                "INSERT INTO hookgate.migration_runs (id, state, started_at) VALUES (gen_random_uuid(), 'finished', '2026-01-14Z')"
            )
            #expect(try await ward.diagnose(.interruptedRun)?.result == .ok)
        }
    }

    @Test func strongerEvidenceForTheClinicSilencesWeaker() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                UPDATE healthcare.clinics SET whatsapp_number = '+15550100003' WHERE name = 'South';
                UPDATE healthcare.clinics SET whatsapp_config = '{"instance_name": "b-north"}' WHERE name = 'North'
                """)
            #expect(try await ward.diagnose(.clinicAgainstEvidence)?.result == .ok)
        }
    }

    @Test func instancesWithNumbersOfTheirOwnWereNotCreatedTwice() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                INSERT INTO public.evolution_instances (organization_id, instance_name, phone_number) VALUES
                    ('\(WellFleet.organization)', 'clinic-1700000000001', '+15550100011'),
                    ('\(WellFleet.organization)', 'clinic-1700000000002', '+15550100012')
                """)
            #expect(try await ward.diagnose(.repeatedInstances)?.result == .ok)
        }
    }

    @Test func indexThatWaitsForDuplicatesSaysSo() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                DROP INDEX healthcare.hookgate_integrations_instance;
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', 'evolution', '{"instance": "a-one"}')
                """)
            let finding = try #require(try await ward.diagnose(.schemaObjects))
            #expect(finding.evidence.items.first?.fact("state") == "waits until no duplicate is left")
            #expect(try await ward.preview([.schemaObjects]) == [])
        }
    }

    @Test func allAreCountedAndSomeAreListed() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run("UPDATE healthcare.integrations SET clinic_id = NULL")
            let finding = try #require(try await ward.diagnose(.integrationsWithoutClinic, limit: 2))
            #expect(finding.evidence.total == 4)
            #expect(finding.evidence.items.map(\.subject) == ["a-one", "a-two"])
        }
    }

    /// The statement's rule and the gateway's must be one.
    @Test func malformedTokensAreThoseThatTheGatewayRefuses() async throws {
        let tokens = [
            "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX",
            "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdY",
            "hgw_", "HGW_x", "hgwx", "plain", "with space", "with/slash", "with\ttab", "umlaut-ä",
            String(repeating: "x", count: 256), String(repeating: "x", count: 257), "hgw_\\000",
        ]
        try await Ward.withWellFleet { ward in
            try await ward.run(Defect.bypass + "DELETE FROM healthcare.integrations")
            for (number, token) in tokens.enumerated() {
                try await ward.database.pool.query(
                    """
                    INSERT INTO healthcare.integrations (type, provider, config, webhook_token)
                    VALUES ('whatsapp', 'evolution', jsonb_build_object('instance_name', $1::text), $2)
                    """, ["\(number)", token])
            }
            let finding = try #require(try await ward.diagnose(.malformedTokens, limit: 100))
            let refused = tokens.indices.filter { WebhookToken(tokens[$0]) == nil }.map(String.init)
            #expect(Set(finding.evidence.items.map(\.subject)) == Set(refused))
        }
    }
}
