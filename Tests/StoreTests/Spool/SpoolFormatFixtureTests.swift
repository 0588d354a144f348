import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Store

/// Spools that earlier releases left on disk are read by this one, byte for byte.
@Suite(.timeLimit(.minutes(1))) struct SpoolFormatFixtureTests {
    /// What was appended when `Tests/Fixtures/spool/v1` was made; the first of them was shipped.
    static let firstFormat: [AcceptedEvent] = [
        event(1, .pending), event(2, .quarantined(.noClinic)), event(3, .undecided(.token(TokenDigest(of: "hgw_x")))),
        event(4, .undecided(.instance(InstanceName("Clínica nº 1"))), route: .instance), event(5, .probe),
        event(6, .pending, bodyBytes: 3_000),
    ]

    @Test func theFirstFormatIsRead() async throws {
        try await withDirectory { directory in
            // Opening mends and moves on, so it works on a copy.
            try FileManager.default.copyItem(atPath: Self.fixture("v1"), toPath: directory)
            let spool = try await Spool.open(directory: directory)
            #expect(spool.recovery.waitingRecords == 5)
            #expect(spool.recovery.warnings.isEmpty && !spool.recovery.hadTornTail)
            #expect(spool.gatewayID == UUID(uuidString: "0199f0c2-6d1e-4a3b-9c44-5d2f6a7b8c90"))
            #expect(try spool.everything().entries.map(\.event) == Array(Self.firstFormat.dropFirst()))
            await spool.release()
        }
    }

    @Test func theFirstFormatIsWhole() throws {
        let inspector = SpoolInspector(directory: Self.fixture("v1"))
        let verification = try inspector.verify()
        #expect(verification.isWhole)
        #expect(try inspector.inspect().segments.allSatisfy { $0.formatVersion == 1 })
        #expect(try inspector.inspect().waitingRecords == 5)
    }

    /// The second format differs by records whose bodies lie in files of their own. This spool was written by another
    /// program than ours, from the description of the format.
    @Test func theSecondFormatIsRead() async throws {
        try await withDirectory { directory in
            try FileManager.default.copyItem(atPath: Self.fixture("v2"), toPath: directory)
            let inspector = SpoolInspector(directory: directory)
            #expect(try inspector.verify().isWhole)
            #expect(try inspector.inspect().segments.map(\.formatVersion) == [2])
            #expect(try inspector.inspect().bodyFiles == 1)
            let spool = try await Spool.open(directory: directory)
            #expect(spool.recovery.waitingRecords == 3 && spool.recovery.removedBodies == 0)
            let written = Self.firstFormat
            #expect(try spool.everything().entries.map(\.event) == [written[0], written[5], written[2]])
            await spool.release()
        }
    }

    static func fixture(_ version: String) -> String {
        Fixtures.directory.appending(path: "spool/\(version)").path
    }

    private static func event(
        _ number: UInt8, _ disposition: AcceptedEvent.Disposition, route: Route = .token, bodyBytes: Int = 60
    ) -> AcceptedEvent {
        let time = Date(timeIntervalSince1970: 1_760_918_400 + Double(number))
        func id(_ kind: UInt8) -> UUID { UUID(uuid: (kind, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number)) }
        let head = #"{"event":"messages.upsert","instance":"clinic-abc123","pad":""#
        let pad = String(repeating: "x", count: max(0, bodyBytes - head.utf8.count - 2))
        return AcceptedEvent(
            id: .timeOrdered(at: time, random: (UInt64(number), UInt64(number))), receivedAt: time, route: route,
            eventSuffix: number == 4 ? "messages-upsert" : nil, disposition: disposition,
            integrationID: number == 1 ? IntegrationID(id(1)) : nil,
            organizationID: number == 1 ? OrganizationID(id(2)) : nil, clinicID: number == 1 ? ClinicID(id(3)) : nil,
            instanceName: InstanceName("clinic-abc123"),
            facts: BodyFacts(
                event: "messages.upsert", instance: "clinic-abc123", messageID: "3EB0\(number)",
                chat: "15550101001@s.whatsapp.net"),
            body: Array((head + pad + "\"}").utf8))
    }
}
