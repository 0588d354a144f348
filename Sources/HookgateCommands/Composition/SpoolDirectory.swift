import Dispatch
import FoundationEssentials
import Store

/// Where a spool lies, by what a person gave.
enum SpoolDirectory {
    /// The spool in a data directory, or the directory itself.
    static func find(_ given: String?, _ configuration: Configuration) throws -> String {
        let path = given ?? configuration.dataDirectory
        for candidate in [path + "/spool", path] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: candidate)) ?? []
            if names.contains(where: Self.belongsToSpool) { return candidate }
        }
        throw CommandFailure(
            "There is no spool at \(path), or this user may not read it. Give a data directory (one in which `hookgate "
                + "serve` ran) or the spool in it.")
    }

    /// Reading files blocks, which Swift's shared threads must not.
    static func offTheSharedThreads<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "hookgate.spool.inspect").async {
                continuation.resume(with: Result { try work() })
            }
        }
    }

    private static func belongsToSpool(_ name: String) -> Bool {
        name == "gateway-id" || name == "checkpoint" || name.hasSuffix(".log") || name.hasSuffix(".log.damaged")
    }
}
