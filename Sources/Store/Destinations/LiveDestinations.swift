package import HookgateCore
package import Logging
package import PostgresClient
import Synchronization

/// Every destination in memory, at most a second behind the database, and what signs for them.
///
/// While the database does not answer, what was read last holds.
package final class LiveDestinations: DestinationDirectory, SigningSecretSource {
    private static let pause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(15)

    private struct Picture {
        var destinations: [DestinationScope: Destination] = [:]
        /// Whose events alone go to a destination, where one organization's key set it.
        var owners: [DestinationScope: OrganizationID] = [:]
        var secrets: [String: SigningSecrets] = [:]
        var number: Int64?
    }

    private let store: PostgresDestinations
    private let configured: ConfiguredDestination?
    private let logger: Logger
    private let picture = Mutex(Picture())
    private let ticks = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter configured: the one of the configuration. It is the default as soon as the database has said whether
    ///   it is paused.
    package init(pool: PostgresPool, configured: ConfiguredDestination?, logger: Logger) {
        self.store = PostgresDestinations(pool: pool)
        self.configured = configured
        self.logger = logger
    }

    package var changes: AsyncStream<Void> { ticks.stream }

    package var destinations: [Destination] {
        picture.withLock { $0.destinations.sorted { $0.key.text < $1.key.text }.map(\.value) }
    }

    package func destination(of event: DeliveryEvent) -> DestinationAnswer {
        picture.withLock { picture in
            guard picture.number != nil else { return .unknown }
            for scope in DestinationScope.scopes(of: event) {
                if let owner = picture.owners[scope], owner != event.organizationID { continue }
                if let destination = picture.destinations[scope] { return .destination(destination) }
            }
            return .none
        }
    }

    package func secrets(named reference: String) -> SigningSecrets? {
        picture.withLock { $0.secrets[reference] }
    }

    /// Follows the database until the task is cancelled.
    package func run() async {
        var pause = Self.pause
        while !Task.isCancelled {
            do {
                try await refresh()
                pause = Self.pause
            } catch {
                logger.warning(
                    "destinations could not be read; those read before still hold", metadata: ["reason": "\(error)"])
                pause = min(pause * 2, Self.longestPause)
            }
            guard (try? await Task.sleep(for: pause)) != nil else { return }
        }
    }

    /// Reads everything again if there was a change. What changed during the reading is read the next time.
    package func refresh() async throws {
        let number = try await store.changeNumber()
        guard picture.withLock({ $0.number }) != number else { return }
        let records = try await store.all()
        picture.withLock { $0 = Self.picture(of: records, configured, number: number) }
        ticks.continuation.yield()
    }

    private static func picture(
        of records: [DestinationRecord], _ configured: ConfiguredDestination?, number: Int64
    ) -> Picture {
        var picture = Picture(number: number)
        for record in records {
            picture.destinations[record.scope] = record.destination
            picture.owners[record.scope] = record.organization
            picture.secrets[record.scope.text] = record.secrets
        }
        guard let configured else { return picture }
        var destination = configured.destination
        // The configuration says where to and in which form; the row, whether, what and how much at once.
        if let row = records.first(where: { $0.scope == .default }) {
            destination.isPaused = row.isPaused
            destination.selection = row.selection
            destination.timeout = row.timeout
            destination.width = row.width
        }
        picture.destinations[.default] = destination
        picture.secrets[DestinationScope.default.text] = configured.secrets
        return picture
    }
}
