import FoundationEssentials
import HookgateCore
import Store
import Testing

@testable import Store

@Suite struct SpoolRecordTests {
    static let dispositions: [AcceptedEvent.Disposition] =
        QuarantineReason.allCases.map { .quarantined($0) } + [
            .pending, .probe, .undecided(.token(TokenDigest(of: "hgw_x"))),
            .undecided(.instance(InstanceName("Clínica nº 1"))),
        ]

    @Test(arguments: dispositions)
    func everyDispositionComesBack(_ disposition: AcceptedEvent.Disposition) throws {
        let event = AcceptedEvent.sample(7, disposition: disposition)
        #expect(try roundTrip(event) == event)
    }

    @Test func everyFieldComesBack() throws {
        let full = AcceptedEvent(
            id: EventID(UUID()), receivedAt: Date(timeIntervalSince1970: 1_760_000_000.123_456_7), route: .instance,
            eventSuffix: "messages-upsert", disposition: .pending, integrationID: IntegrationID(UUID()),
            organizationID: OrganizationID(UUID()), clinicID: ClinicID(UUID()), instanceName: InstanceName("e\u{301}"),
            facts: BodyFacts(event: "a\u{0}b", instance: "i", messageID: "", chat: "1@s.whatsapp.net"),
            body: Array(0...255))
        let back = try roundTrip(full)
        #expect(back == full)
        #expect(back.facts.event.map { Array($0.utf8) } == [97, 0, 98])
        let bare = AcceptedEvent(
            id: EventID(UUID()), receivedAt: .distantPast, route: .token, eventSuffix: nil, disposition: .probe,
            integrationID: nil, organizationID: nil, clinicID: nil, instanceName: nil, facts: BodyFacts(), body: [])
        #expect(try roundTrip(bare) == bare)
    }

    @Test func anyPrefixIsRefused() {
        let event = AcceptedEvent.sample(1)
        let head = SpoolRecord.encodeHead(of: event)
        for count in 0..<head.count {
            #expect(throws: SpoolRecordError.self) { try SpoolRecord.decode(head[..<count]) }
        }
    }

    @Test func anyChangedByteIsRefusedOrStillAnEvent() {
        let payload = SpoolRecord.encodeHead(of: .sample(1, disposition: .quarantined(.noClinic)))
        for index in payload.indices {
            for value: UInt8 in [0x00, 0x01, 0x7F, 0xFF] {
                var changed = payload
                changed[index] = value
                _ = try? SpoolRecord.decode(changed[...])
            }
        }
        #expect(throws: SpoolRecordError.unknownVersion(3)) { try SpoolRecord.decode(([3] + payload.dropFirst())[...]) }
    }

    @Test func checksumIsTheCastagnoliOne() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([1, 2, 3], seed: 1) != CRC32C.checksum([1, 2, 3], seed: 2))
    }

    @Test func checksumIsTheSameHoweverTheBytesAreCutAndPlaced() {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }
        for count in 0...bytes.count {
            // Bit by bit, as the polynomial says.
            var expected = UInt32.max
            for byte in bytes.prefix(count) {
                expected ^= UInt32(byte)
                for _ in 0..<8 { expected = expected & 1 == 1 ? (expected >> 1) ^ 0x82F6_3B78 : expected >> 1 }
            }
            #expect(CRC32C.checksum(bytes.prefix(count)) == ~expected, "\(count) bytes")
            var inTwo = CRC32C()
            bytes.prefix(count / 3).withUnsafeBytes { inTwo.update($0) }
            bytes[(count / 3)..<count].withUnsafeBytes { inTwo.update($0) }
            #expect(inTwo.value == ~expected, "\(count) bytes in two")
            // What a processor without the instruction does comes to the same.
            var byTable = CRC32C(by: .table)
            bytes.prefix(count).withUnsafeBytes { byTable.update($0) }
            #expect(byTable.value == ~expected, "\(count) bytes by the table")
        }
    }

    private func roundTrip(_ event: AcceptedEvent) throws -> AcceptedEvent {
        try SpoolRecord.decode((SpoolRecord.encodeHead(of: event) + event.body)[...])
    }
}
