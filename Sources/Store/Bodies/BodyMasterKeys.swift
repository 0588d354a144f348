import Crypto
import FoundationEssentials

/// The keys that wrap the keys of organizations: the one that is used, and those it replaced. They come from the
/// configuration and are never in the database.
package struct BodyMasterKeys: Sendable {
    /// It wraps what is made from now on.
    let current: BodyMasterKey
    private let previous: [BodyMasterKey]

    /// - Parameter previous: those that may still be needed to open what was wrapped before.
    package init(current: BodyMasterKey, previous: [BodyMasterKey] = []) {
        self.current = current
        self.previous = previous
    }

    func key(fingerprint: [UInt8]) -> BodyMasterKey? {
        ([current] + previous).first { $0.fingerprint == fingerprint }
    }
}

/// One master key, with the name it has in the database.
package struct BodyMasterKey: Sendable {
    /// Why a text is no master key; never holds the text.
    package enum Flaw: Error, Sendable, Equatable {
        case notBase64
        case wrongLength(bytes: Int)
    }

    package static let byteCount = 32
    private static let fingerprintBytes = 8

    let fingerprint: [UInt8]
    private let key: SymmetricKey

    /// Reads 32 bytes written in base64.
    package init(base64 text: String) throws(Flaw) {
        guard let data = Data(base64Encoded: text) else { throw .notBase64 }
        guard data.count == Self.byteCount else { throw .wrongLength(bytes: data.count) }
        self.key = SymmetricKey(data: data)
        self.fingerprint = Array(SHA256.hash(data: data).prefix(Self.fingerprintBytes))
    }

    /// An organization's key as it lies in the database: opened only with the id and the organization it was made for.
    func wrap(_ key: SymmetricKey, id: UUID, organization: UUID) throws -> [UInt8] {
        let bytes = key.withUnsafeBytes { Array($0) }
        let box = try AES.GCM.seal(bytes, using: self.key, authenticating: Self.place(id, organization))
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Nil when it is not what this key wrapped there.
    func unwrap(_ wrapped: [UInt8], id: UUID, organization: UUID) -> SymmetricKey? {
        // The reason does not matter: whatever is wrong with it, it opens nothing.
        guard let box = try? AES.GCM.SealedBox(combined: Data(wrapped)),
            let bytes = try? AES.GCM.open(box, using: key, authenticating: Self.place(id, organization))
        else { return nil }
        return SymmetricKey(data: bytes)
    }

    private static func place(_ id: UUID, _ organization: UUID) -> [UInt8] {
        Array("hookgate body key".utf8) + UUIDBytes.of(id) + UUIDBytes.of(organization)
    }
}

/// A uuid as its sixteen bytes.
enum UUIDBytes {
    static let count = 16
    static let zero = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    static func of(_ uuid: UUID) -> [UInt8] {
        withUnsafeBytes(of: uuid.uuid) { Array($0) }
    }

    /// Nil for anything but sixteen bytes.
    static func uuid(_ bytes: some Collection<UInt8>) -> UUID? {
        guard bytes.count == count else { return nil }
        var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &uuid) { $0.copyBytes(from: bytes) }
        return UUID(uuid: uuid)
    }
}
