import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Gateway

/// The answer table, over a real socket with raw bytes.
@Suite(.timeLimit(.minutes(1)))
struct WebhookServerTests {
    /// One request on a connection of its own.
    private func ask(_ gateway: TestGateway, _ request: String) async throws -> RawResponse {
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                try #require(await connection.exchange(request))
            }
        }
    }

    @Test func storedEventIsOkWithItsID() async throws {
        let gateway = TestGateway()
        let response = try await ask(gateway, Raw.post())
        let event = try #require(gateway.spool.events.first)
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "application/json")
        #expect(response.body == #"{"status":"ok","id":"\#(event.id)"}"#)
        #expect(event.disposition == .pending)
        #expect(event.clinicID == Sample.entry().clinicID)
        #expect(event.body == Array(Sample.body.utf8))
        #expect(response.headers["deprecation"] == nil)
    }

    @Test func legacyRouteStoresAndSaysThatItWillGo() async throws {
        let sunset = Date(timeIntervalSince1970: 1_785_542_400)
        let gateway = TestGateway(legacyRoute: LegacyRouteNotice(sunset: sunset))
        let response = try await ask(gateway, Raw.post(Raw.namePath))
        #expect(response.status == 200)
        #expect(response.headers["deprecation"] == "@1760918400")
        #expect(response.headers["sunset"] == "Sat, 01 Aug 2026 00:00:00 GMT")
        #expect(gateway.spool.events.first?.route == .instance)
        #expect(gateway.metrics.instanceRequests[.stored].count == 1)
    }

    @Test(arguments: [
        (Raw.tokenPath + "/messages-upsert", Route.token, String?("messages-upsert")),
        (Raw.tokenPath + "//messages-upsert", .token, "messages-upsert"),
        (Raw.namePath + "/connection-update", .instance, "connection-update"),
        (Raw.namePath + "?x=1/messages-upsert", .instance, nil),
    ])
    func byEventsSuffixLeadsToTheSameIntegration(path: String, route: Route, suffix: String?) async throws {
        let gateway = TestGateway()
        #expect(try await ask(gateway, Raw.post(path)).status == 200)
        let event = try #require(gateway.spool.events.first)
        #expect((event.route, event.eventSuffix) == (route, suffix))
        #expect(event.integrationID == Sample.integrationID())
    }

    @Test(arguments: [
        ("whatsapp", "/webhooks/evolution/whatsapp"), ("whatsapp", "/webhooks/evolution/whatsapp/messages-upsert"),
        ("test", "/webhooks/evolution/test"), ("Suporte Matriz", "/webhooks/evolution/Suporte%20Matriz"),
        ("\"Dra.\" O'Neil", "/webhooks/evolution/%22Dra.%22%20O'Neil/messages-upsert"),
        ("🦷", "/webhooks/evolution/%F0%9F%A6%B7"), ("a/b", "/webhooks/evolution/a%2Fb/call"),
        ("..", "/webhooks/evolution/.."), ("CLINICA", "/webhooks/evolution/CLINICA/MESSAGES_UPSERT"),
        (String(repeating: "x", count: 200), "/webhooks/evolution/" + String(repeating: "x", count: 200)),
    ])
    func instanceOfAnyNameWorks(name: String, path: String) async throws {
        let gateway = TestGateway([.integration(Sample.entry(name: InstanceName(name)))])
        #expect(try await ask(gateway, Raw.post(path, "{}")).status == 200)
        #expect(gateway.spool.events.first?.instanceName == InstanceName(name))
    }

    @Test func bodyOfAnotherInstanceIsQuarantined() async throws {
        let gateway = TestGateway()
        let response = try await ask(gateway, Raw.post(Raw.tokenPath, #"{"event":"x","instance":"other"}"#))
        let event = try #require(gateway.spool.events.first)
        #expect(response.status == 200)
        #expect(response.body == #"{"status":"quarantined","id":"\#(event.id)","reason":"instance_mismatch"}"#)
        #expect(event.disposition == .quarantined(.instanceMismatch))
    }

    @Test func disabledIntegrationIsQuarantined() async throws {
        let gateway = TestGateway(Sample.world(enabled: false))
        let response = try await ask(gateway, Raw.post())
        #expect(response.status == 200)
        #expect(response.body.hasSuffix(#""reason":"integration_disabled"}"#))
        #expect(gateway.spool.events.first?.disposition == .quarantined(.integrationDisabled))
    }

    @Test func integrationWithoutAClinicIsQuarantined() async throws {
        let entry = Sample.entry(clinic: false)
        let gateway = TestGateway([
            .integration(entry), .token(Sample.digest, entry.integrationID, .current, revision: 1),
        ])
        let response = try await ask(gateway, Raw.post())
        #expect(response.status == 200)
        #expect(response.body.hasSuffix(#""reason":"no_clinic"}"#))
        #expect(gateway.spool.events.first?.integrationID == entry.integrationID)
    }

    @Test func tokenWhoseGraceIsOverIsQuarantinedAndOneInItsGraceIsNot() async throws {
        let now = Date(timeIntervalSince1970: 1_760_000_000)
        for (end, suffix) in [
            (now.addingTimeInterval(1), #""}"#), (now, #""reason":"token_retired"}"#),
        ] {
            let gateway = TestGateway(
                [
                    .integration(Sample.entry()),
                    .token(Sample.digest, Sample.integrationID(), .grace(until: end), revision: 1),
                ], clock: TimeSource { now })
            let response = try await ask(gateway, Raw.post())
            #expect(response.status == 200 && response.body.hasSuffix(suffix), "\(response.body)")
        }
    }

    @Test func nameOfALegacyTableIsQuarantined() async throws {
        let gateway = TestGateway([])
        gateway.source.addLegacyName(Sample.name)
        let response = try await ask(gateway, Raw.post(Raw.namePath))
        #expect(response.status == 200)
        #expect(response.body.hasSuffix(#""reason":"no_integration"}"#))
    }

    @Test func revokedTokenIs403() async throws {
        let gateway = TestGateway(
            Sample.world() + [.token(Sample.digest, Sample.integrationID(), .revoked, revision: 2)])
        let response = try await ask(gateway, Raw.post())
        #expect(response.status == 403)
        #expect(response.headers["content-type"] == "application/problem+json")
        #expect(gateway.spool.events.isEmpty)
    }

    @Test func unknownTokenAndNameAre404() async throws {
        let gateway = TestGateway()
        let path = "/webhooks/evolution/whatsapp/\(Sample.otherToken.secretText)"
        let response = try await ask(gateway, Raw.post(path))
        #expect(response.status == 404)
        #expect(!response.body.contains(Sample.otherToken.secretText))
        #expect(try await ask(TestGateway(), Raw.post("/webhooks/evolution/nobody")).status == 404)
    }

    @Test(arguments: ["", "[]", "nope", #"{"a":1"#, #"{"a":1} x"#, "\"\u{1}\""])
    func bodyThatIsNoObjectIs400(body: String) async throws {
        let gateway = TestGateway()
        let response = try await ask(gateway, Raw.post(Raw.tokenPath, body))
        #expect(response.status == 400)
        #expect(response.headers["content-type"] == "application/problem+json")
        #expect(gateway.spool.events.isEmpty)
    }

    @Test func objectWithoutAnEventIsStored() async throws {
        let gateway = TestGateway()
        #expect(try await ask(gateway, Raw.post(Raw.tokenPath, "{}")).status == 200)
        #expect(gateway.spool.events.first?.facts == BodyFacts())
    }

    @Test func encodedBodyIs415() async throws {
        let response = try await ask(TestGateway(), Raw.post(headers: ["Content-Encoding: gzip"]))
        #expect(response.status == 415)
        #expect(response.headers["accept-encoding"] == "identity")
        #expect(try await ask(TestGateway(), Raw.post(headers: ["Content-Encoding: identity"])).status == 200)
    }

    @Test func otherMethodsAre405WithWhatIsAllowed() async throws {
        for (path, allowed) in [
            (Raw.tokenPath, "POST"), ("/webhooks/whatsapp", "POST"), ("/webhooks/evolution/test", "GET, HEAD, POST"),
            ("/health", "GET, HEAD"),
        ] {
            let response = try await ask(TestGateway(), Raw.get(path, method: "PUT"))
            #expect(response.status == 405)
            #expect(response.headers["allow"] == allowed)
        }
    }

    @Test(arguments: ["/", "/webhooks", "/webhooks/other", "/webhooks/whatsapp/x", "/healthy", "/%zz"])
    func otherPathsAre404(path: String) async throws {
        #expect(try await ask(TestGateway(), Raw.get(path)).status == 404)
    }

    @Test func chunkedBodyIsStoredWhole() async throws {
        let gateway = TestGateway()
        let response = try await ask(gateway, Raw.chunked([#"{"event":"#, #""call"}"#]))
        #expect(response.status == 200)
        #expect(gateway.spool.events.first?.body == Array(#"{"event":"call"}"#.utf8))
    }

    @Test func longBodyTakesTheWayOffTheLoop() async throws {
        let gateway = TestGateway { $0.offLoopBodyBytes = 10 }
        #expect(try await ask(gateway, Raw.post()).status == 200)
        #expect(gateway.spool.events.count == 1)
    }

    @Test func bodyOverTheLimitIs413ThoughItsSenderReadsLast() async throws {
        let gateway = TestGateway { $0.bodyBytes = 1_000 }
        let response = try await ask(gateway, Raw.post(Raw.tokenPath, String(repeating: "x", count: 3_000_000)))
        #expect(response.status == 413)
        #expect(gateway.spool.events.isEmpty)
    }

    @Test(
        arguments: [
            SpoolError.full, .overloaded, .diskScarce, .undecidedFull, .diskFailed("read-only file system"), .notShared,
            .closed,
        ])
    func spoolThatCannotStoreIs503AndTheConnectionStaysUsable(error: SpoolError) async throws {
        let gateway = TestGateway(spool: .fails(error))
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                let refused = try #require(await connection.exchange(Raw.post()))
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"] == "5")
                gateway.spool.become(.stores)
                #expect(try await connection.exchange(Raw.post())?.status == 200)
            }
        }
        #expect(gateway.service.budget.inUse == 0)
    }

    @Test func sourceThatNeverAnswersIsUndecidedWithinTheDeadline() async throws {
        let gateway = TestGateway(resident: false, lookUpDeadline: .milliseconds(20))
        gateway.source.hold()
        let response = try await ask(gateway, Raw.post())
        let event = try #require(gateway.spool.events.first)
        #expect(response.status == 200)
        #expect(response.body == #"{"status":"undecided","id":"\#(event.id)"}"#)
        #expect(event.disposition == .undecided(.token(Sample.digest)))
        gateway.source.release()
    }

    @Test func sourceThatIsDownIsUndecided() async throws {
        let gateway = TestGateway(resident: false)
        gateway.source.setOutage(.unavailable("down"))
        let response = try await ask(gateway, Raw.post())
        #expect(response.body.hasPrefix(#"{"status":"undecided""#))
    }

    @Test func missIsResolvedByTheSourceAndHitsAskItNoMore() async throws {
        let gateway = TestGateway(resident: false)
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                for _ in 0..<50 {
                    let response = try await connection.exchange(Raw.post())
                    #expect(response?.status == 200)
                }
            }
        }
        #expect(gateway.source.asked == [.token(Sample.digest)])
        #expect(gateway.spool.events.allSatisfy { $0.disposition == .pending })
    }

    @Test func concurrentMissesOfAKeyAreOneLookUp() async throws {
        let gateway = TestGateway(resident: false)
        gateway.source.hold()
        try await withServer(gateway) { port, _ in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                let sent = Milestone()
                for _ in 0..<40 {
                    group.addTask {
                        try await withConnection(port) { connection in
                            try await connection.send(Raw.post())
                            sent.reach()
                            return try await connection.response()?.status
                        }
                    }
                }
                await sent.wait(for: 40)
                await gateway.source.lookUps.wait(for: 1)
                gateway.source.release()
                for try await status in group { #expect(status == 200) }
            }
        }
        #expect(gateway.source.asked.count == 1)
    }

    @Test func signedProbeIsNoTraffic() async throws {
        let gateway = TestGateway()
        let key = try #require(ProbeKey(TestGateway.probeKeyBytes))
        let body = Array(Sample.body.utf8)
        let header = ProbeSignature.sign(body, at: Date(), nonce: "abcdefgh", with: key)
        let response = try await ask(gateway, Raw.post(headers: ["X-Hookgate-Probe: \(header)"]))
        #expect(response.status == 200)
        #expect(response.body.hasSuffix(#","probe":true}"#))
        #expect(gateway.spool.events.first?.disposition == .probe)
    }

    @Test func probeSignedByAnotherKeyIsTraffic() async throws {
        let gateway = TestGateway()
        let key = try #require(ProbeKey([UInt8](repeating: 1, count: 32)))
        let header = ProbeSignature.sign(Array(Sample.body.utf8), at: Date(), nonce: "abcdefgh", with: key)
        #expect(try await ask(gateway, Raw.post(headers: ["X-Hookgate-Probe: \(header)"])).status == 200)
        #expect(gateway.spool.events.first?.disposition == .pending)
    }

    @Test(arguments: ["/health", "/webhooks/evolution/test"])
    func livenessIsOk(path: String) async throws {
        let response = try await ask(TestGateway(), Raw.get(path))
        #expect(response.status == 200)
        #expect(response.body == #"{"status":"ok"}"#)
    }

    @Test func readinessSaysWhichPartIsDegraded() async throws {
        let response = try await ask(TestGateway(), Raw.get("/health/ready"))
        #expect(response.status == 200)
        #expect(
            response.body == #"{"status":"degraded","parts":[{"name":"spool","status":"ok"},"#
                + #"{"name":"postgres","status":"degraded","detail":"no \"connection\""}]}"#)
    }

    @Test func metricsHoldTheGatewaysAndTheOthersSamples() async throws {
        let gateway = TestGateway()
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                _ = try await connection.exchange(Raw.post())
                let text = try #require(await connection.exchange(Raw.get("/metrics"))).body
                #expect(text.contains("hookgate_requests_total{route=\"token\",outcome=\"stored\"} 1\n"))
                #expect(text.contains("hookgate_resolutions_total{tier=\"memory\"} 1\n"))
                #expect(text.contains("hookgate_request_seconds_bucket{route=\"token\",le=\"+Inf\"} 1\n"))
                #expect(text.contains("hookgate_body_bytes_total \(Sample.body.utf8.count)\n"))
                #expect(text.contains("# TYPE hookgate_connections gauge\nhookgate_connections 1\n"))
                #expect(text.contains("hookgate_spool_bytes 12\n"))
                #expect(!text.contains(Sample.token.secretText))
            }
        }
        #expect(try await ask(TestGateway(servesMetrics: false), Raw.get("/metrics")).status == 404)
    }

    @Test func senderThatClosesItsHalfGetsTheAnswer() async throws {
        let response = try await withServer(TestGateway()) { port, _ in
            try await withConnection(port) { connection in
                try await connection.send(Raw.post())
                connection.finishSending()
                return try await connection.response()
            }
        }
        #expect(response?.status == 200)
    }

    @Test func shutdownAnswersWhatIsInFlightThenStops() async throws {
        let gateway = TestGateway(spool: .holds)
        try await withServer(gateway) { port, server in
            try await withConnection(port) { connection in
                try await connection.send(Raw.post())
                await gateway.spool.appends.wait(for: 1)
                server.shutdown()
                gateway.spool.release()
                let response = try #require(await connection.response())
                #expect(response.status == 200)
                #expect(try await connection.response() == nil)
            }
        }
        #expect(gateway.service.connections.count == 0)
    }

    @Test func connectionsOverTheBoundAreTold503() async throws {
        let gateway = TestGateway { $0.connections = 1 }
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { first in
                let before = try await first.exchange(Raw.post())
                #expect(before?.status == 200)
                try await withConnection(port) { second in
                    let response = try await second.exchange(Raw.post())
                    #expect(response?.status == 503)
                    let next = try await second.response()
                    #expect(next == nil)
                }
                let after = try await first.exchange(Raw.post())
                #expect(after?.status == 200)
            }
        }
    }
}
