package import FoundationEssentials

/// A UUID that knows what it names, so that a clinic's id cannot be passed where an organization's is wanted.
package struct Identifier<Subject>: Hashable, Sendable {
    package let uuid: UUID

    package init(_ uuid: UUID) {
        self.uuid = uuid
    }

    /// Reads the usual text form, in either case. Nil when the text is not a UUID.
    package init?(_ text: String) {
        guard let uuid = UUIDText.uuid(of: text) else { return nil }
        self.uuid = uuid
    }

    /// Lower case, as PostgreSQL prints it.
    package var text: String {
        UUIDText.text(of: uuid)
    }
}

extension Identifier: CustomStringConvertible {
    package var description: String { text }
}

extension Identifier: Comparable {
    package static func < (left: Identifier, right: Identifier) -> Bool {
        left.uuid < right.uuid
    }
}

/// The subjects that an ``Identifier`` can name. Uninhabited: they exist for the type checker alone.
package enum Subject {
    package enum Organization {}
    package enum Clinic {}
    package enum Integration {}
    package enum Event {}
    package enum Run {}
    package enum AccessKey {}
    package enum LongWork {}
    package enum User {}
}

package typealias OrganizationID = Identifier<Subject.Organization>
package typealias ClinicID = Identifier<Subject.Clinic>
package typealias IntegrationID = Identifier<Subject.Integration>
package typealias EventID = Identifier<Subject.Event>
package typealias RunID = Identifier<Subject.Run>
package typealias AccessKeyID = Identifier<Subject.AccessKey>
package typealias LongWorkID = Identifier<Subject.LongWork>
package typealias UserID = Identifier<Subject.User>

extension Identifier where Subject == HookgateCore.Subject.Event {
    /// The time in an id of version 7; nil for an id of another kind.
    package var receivedAt: Date? {
        let bytes = uuid.uuid
        guard bytes.6 >> 4 == 7 else { return nil }
        let milliseconds = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5].reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }

    /// Makes an id in the form of UUID version 7 (RFC 9562): the time first, so that ids sort by age and
    /// indexes grow at one end.
    /// - Parameters:
    ///   - instant: when the event was received; its milliseconds stand in the id.
    ///   - random: 74 of these 128 bits fill the rest.
    package static func timeOrdered(at instant: Date, random: (UInt64, UInt64)) -> EventID {
        let milliseconds = UInt64(max(0, instant.timeIntervalSince1970 * 1000))
        let high = (milliseconds << 16) | 0x7000 | (random.0 & 0x0FFF)
        let low = 0x8000_0000_0000_0000 | (random.1 & 0x3FFF_FFFF_FFFF_FFFF)
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        return EventID(
            UUID(
                uuid: (
                    byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3),
                    byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                    byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                    byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
                )))
    }
}
