package import FoundationEssentials

/// The recorded and hostile files under `Tests/Fixtures`, found beside the sources so that no copy is built.
package enum Fixtures {
    package static let directory: URL =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Tests/Fixtures")

    /// A file's exact bytes; the path is relative to ``directory``.
    package static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: directory.appending(path: path)))
    }

    /// The names of the files of a folder, sorted.
    package static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path).sorted()
    }

    /// Real-shaped webhook bodies of every Evolution release, each with what stands in it.
    package static func evolution() throws -> [EvolutionFixture] {
        try JSONDecoder().decode(
            EvolutionManifest.self, from: Data(contentsOf: directory.appending(path: "evolution/manifest.json"))
        ).fixtures
    }
}

/// One webhook body under `Tests/Fixtures/evolution`.
package struct EvolutionFixture: Decodable, Sendable {
    /// What the body says, read by people.
    package struct Expected: Decodable, Sendable {
        package let instance: String?
        /// Nil for the imitator that sends none.
        package let event: String?
        package let messageID: String?
        package let remoteJid: String?

        enum CodingKeys: String, CodingKey {
            case instance, event
            case messageID = "message_id"
            case remoteJid = "remote_jid"
        }
    }

    package let file: String
    package let version: String
    package let event: String?
    /// What Evolution appends to the URL in by-events mode, with its slash.
    package let byEventsSuffix: String?
    package let expected: Expected

    enum CodingKeys: String, CodingKey {
        case file, version, event, expected
        case byEventsSuffix = "by_events_suffix"
    }

    package func bytes() throws -> [UInt8] {
        try Fixtures.bytes("evolution/\(file)")
    }
}

private struct EvolutionManifest: Decodable {
    let fixtures: [EvolutionFixture]
}
