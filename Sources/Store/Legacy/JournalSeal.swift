import Crypto
import FoundationEssentials
import HookgateCore
import PostgresClient

/// Seals the values of `config` that a run replaces: an undo needs them back, and any of them may be a secret.
struct JournalSeal {
    private static let keyName = "journal"

    private let key: SymmetricKey

    /// A seal that nobody can open: for what is only tried.
    static let thrownAway = JournalSeal(key: SymmetricKey(size: .bits256))

    /// Reads the key of this database; the first who needs it makes it.
    static func load(_ executor: some PostgresExecutor) async throws -> JournalSeal {
        try await executor.query(
            """
            INSERT INTO hookgate.server_keys (name, key)
            SELECT $1, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
            ON CONFLICT (name) DO NOTHING
            """, [Self.keyName])
        let rows = try await executor.query("SELECT key FROM hookgate.server_keys WHERE name = $1", [Self.keyName])
        guard let row = rows.first else { throw MigrationError.schemaMissing("table hookgate.server_keys") }
        return JournalSeal(key: SymmetricKey(data: try row.decode("key", as: [UInt8].self)))
    }

    /// The value, to be opened only in its place: for this run, instance and key.
    func seal(_ value: String, of member: String, in name: InstanceName, run: RunID) throws -> String {
        let box = try AES.GCM.seal(
            Array(value.utf8), using: key, authenticating: Self.place(of: member, in: name, run: run))
        return (Data(box.nonce) + box.ciphertext + box.tag).base64EncodedString()
    }

    func open(_ sealed: String, of member: String, in name: InstanceName, run: RunID) throws(MigrationError) -> String {
        guard let data = Data(base64Encoded: sealed), let box = try? AES.GCM.SealedBox(combined: data),
            let bytes = try? AES.GCM.open(
                box, using: key, authenticating: Self.place(of: member, in: name, run: run))
        else { throw .sealBroken(name) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func place(of member: String, in name: InstanceName, run: RunID) -> [UInt8] {
        Array("\(run.text)\n\(name.text.utf8.count):\(name.text)\(member)".utf8)
    }
}
