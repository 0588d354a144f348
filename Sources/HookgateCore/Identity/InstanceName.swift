/// The name of one WhatsApp connection inside Evolution API, matched byte for byte.
///
/// Swift's `String` holds two spellings of "é" equal; PostgreSQL and Evolution do not. Equality, hashing and
/// order here are those of the UTF-8 bytes (PostgreSQL's collation "C"), so all three sides agree.
package struct InstanceName: Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

extension InstanceName: Hashable, Comparable {
    package static func == (left: InstanceName, right: InstanceName) -> Bool {
        left.text.isSameText(as: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }

    package static func < (left: InstanceName, right: InstanceName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension InstanceName: CustomStringConvertible {
    /// For people: what could steer a terminal is escaped. ``text`` is the name itself.
    package var description: String { text.printable }
}
