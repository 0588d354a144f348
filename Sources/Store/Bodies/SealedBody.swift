import Crypto
import FoundationEssentials
import HookgateCore

/// A body that is sealed, as it lies in `hookgate.event_bodies`: the marker, the key's id, then what AES-GCM made of
/// it (nonce, ciphertext, tag). A body in clear begins with what JSON begins with, which the marker is not.
struct SealedBody {
    /// Version 1 of the form.
    private static let marker: UInt8 = 0x01
    private static let headerBytes = 1 + UUIDBytes.count

    let keyID: UUID
    private let header: [UInt8]
    private let box: ArraySlice<UInt8>

    /// Nil for a body in clear.
    init?(_ bytes: [UInt8]) {
        guard bytes.first == Self.marker, bytes.count > Self.headerBytes,
            let keyID = UUIDBytes.uuid(bytes[1..<Self.headerBytes])
        else { return nil }
        self.keyID = keyID
        self.header = Array(bytes[..<Self.headerBytes])
        self.box = bytes[Self.headerBytes...]
    }

    /// Seals a body so that it opens for its own event alone.
    static func seal(_ body: [UInt8], of event: EventID, keyID: UUID, key: SymmetricKey) throws -> [UInt8] {
        let header = [marker] + UUIDBytes.of(keyID)
        let box = try AES.GCM.seal(body, using: key, authenticating: header + UUIDBytes.of(event.uuid))
        var sealed = header
        sealed.reserveCapacity(header.count + body.count + 28)
        sealed += box.nonce
        sealed += box.ciphertext
        sealed += box.tag
        return sealed
    }

    /// Nil when it is not what was sealed for this event.
    func open(of event: EventID, key: SymmetricKey) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: Data(box)),
            let body = try? AES.GCM.open(box, using: key, authenticating: header + UUIDBytes.of(event.uuid))
        else { return nil }
        return Array(body)
    }
}
