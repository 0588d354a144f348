/// LISTEN on a connection of its own. It needs a direct connection: a transaction pooler does not pass notifications.
///
/// Notifications sent before `open` returned are not seen, so read the state after it and not before:
///
///     let listener = try await PostgresListener.open(url: url, channels: ["changes"])
///     try await loadEverything()
///     for try await change in listener.notifications { … }
package struct PostgresListener: Sendable {
    /// What arrives. Equal notifications that wait are merged; the stream ends with an error when the connection dies
    /// or the reader falls too far behind, and then the state must be read anew.
    package let notifications: AsyncThrowingStream<PostgresNotification, any Error>
    private let subscription: Subscription

    /// Connects and returns when the server has confirmed every channel.
    package static func open(
        url: String, channels: [String], options: PostgresListenerOptions = PostgresListenerOptions()
    ) async throws(PostgresError) -> PostgresListener {
        let connection = try await PostgresConnection.open(url, options: options.connection)
        if await connection.isPooled {
            await connection.close()
            throw PostgresError(
                .misuse,
                "LISTEN does not work through a transaction pooler; give the server's own address (DATABASE_DIRECT_URL)."
            )
        }
        for channel in channels {
            try await connection.execute(script: "LISTEN \(PostgresIdentifier.quote(channel))")
        }
        return PostgresListener(Subscription(connection: connection, options: options))
    }

    /// Connects and listens while the stream is read.
    package static func notifications(
        url: String, channels: [String], options: PostgresListenerOptions = PostgresListenerOptions()
    ) -> AsyncThrowingStream<PostgresNotification, any Error> {
        let opening = OpenOnce { try await open(url: url, channels: channels, options: options).subscription }
        return AsyncThrowingStream { try await opening.value().next() }
    }

    private init(_ subscription: Subscription) {
        self.subscription = subscription
        self.notifications = AsyncThrowingStream { try await subscription.next() }
    }

    /// Ends the stream and the connection.
    package func close() async {
        await subscription.close()
    }
}

/// The bounds of a listener.
package struct PostgresListenerOptions: Sendable {
    /// How many different notifications may wait to be read.
    package var capacity: Int
    /// After how much silence the server is asked for a sign of life. A connection that died silently is noticed
    /// within twice this time.
    package var heartbeat: Duration
    package var connection: PostgresConnectionOptions

    package init(
        capacity: Int = 1024, heartbeat: Duration = .seconds(2),
        connection: PostgresConnectionOptions = PostgresConnectionOptions()
    ) {
        self.capacity = capacity
        self.heartbeat = heartbeat
        self.connection = connection
    }
}

/// The running end of a listener. It stops when the last stream that reads from it is gone.
private final class Subscription: Sendable {
    private let buffer: NotificationBuffer
    private let receiving: Task<Void, Never>

    init(connection: PostgresConnection, options: PostgresListenerOptions) {
        let buffer = NotificationBuffer(capacity: options.capacity)
        self.buffer = buffer
        // Reading must go on between two reads of the stream, or the server's queue would grow and a death go unseen.
        receiving = Task {
            do throws(PostgresError) {
                var fits = true
                while fits {
                    for notification in try await connection.nextNotifications(heartbeat: options.heartbeat) where fits
                    {
                        fits = buffer.add(notification)
                    }
                }
            } catch {
                buffer.end(error.kind == .cancelled ? .success(()) : .failure(error))
            }
            await connection.close()
        }
    }

    deinit {
        receiving.cancel()
    }

    func next() async throws(PostgresError) -> PostgresNotification? {
        let notification = try await buffer.next()
        if notification == nil { receiving.cancel() }
        return notification
    }

    func close() async {
        buffer.end(.success(()))
        receiving.cancel()
        await receiving.value
    }
}

/// Opens at the first read and keeps the outcome for the following ones.
private actor OpenOnce {
    private let open: @Sendable () async throws -> Subscription
    private var subscription: Subscription?

    init(_ open: @escaping @Sendable () async throws -> Subscription) {
        self.open = open
    }

    // A stream has one reader, so no second one can come while this waits.
    func value() async throws -> Subscription {
        if let subscription { return subscription }
        let opened = try await open()
        subscription = opened
        return opened
    }
}
