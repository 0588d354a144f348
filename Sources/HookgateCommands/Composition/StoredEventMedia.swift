import EvolutionAPI
import FoundationEssentials
import HookgateCore
import Store
import Synchronization

/// The files that stand in stored bodies, for whoever has an address that we signed.
final class StoredEventMedia: EventMediaSource {
    private let archive: PostgresEventArchive
    private let keyReader: PostgresMediaKey
    private let time: TimeSource
    private let known = Mutex<MediaKey?>(nil)

    init(archive: PostgresEventArchive, key: PostgresMediaKey, time: TimeSource = .system) {
        self.archive = archive
        self.keyReader = key
        self.time = time
    }

    /// The key as far as it is known; what has none yet asks again.
    var key: MediaKey? { known.withLock { $0 } }

    /// Reads the key once.
    func prepare() async throws {
        guard key == nil, let read = try await keyReader.key() else { return }
        known.withLock { $0 = read }
    }

    func media(at link: MediaLinkRequest) async -> EventMedia {
        do {
            try await prepare()
            guard let key else { return .unavailable }
            guard link.verdict(at: time.now, keys: [key]) == .valid else { return .refused }
            return switch try await archive.event(link.event)?.body {
            case .success(let body): Self.file(link.part, in: body)
            case .failure(.masterKeyMissing): .unavailable
            case .failure, nil: .gone
            }
        } catch {
            return .unavailable
        }
    }

    private static func file(_ part: Int, in body: [UInt8]) -> EventMedia {
        let messages = EvolutionNormaliser().normalised(body)?.messages ?? []
        let media = messages.compactMap(\.media).filter { if case .inline = $0.source { true } else { false } }
        guard media.indices.contains(part), case .inline(let place) = media[part].source,
            let bytes = Data(base64Encoded: Data(body[place]))
        else { return .gone }
        return .found(bytes: Array(bytes), mimeType: media[part].mimeType.flatMap(plain))
    }

    /// A type that can stand in a header as it is.
    private static func plain(_ mimeType: String) -> String? {
        let type = mimeType.prefix { $0 != ";" }.lowercased()
        let isPlain = type.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "/.+-".utf8.contains($0)
        }
        return isPlain && type.split(separator: "/").count == 2 && type.utf8.count <= 100 ? type : nil
    }
}
