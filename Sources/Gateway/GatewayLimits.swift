package import NIOCore

/// Every bound of the way from a socket to the spool, with its default and the reason for it.
package struct GatewayLimits: Sendable {
    /// Connections in all: ten thousand that are idle, and room for those that are not. The process's limit of open
    /// files is raised to hold them.
    package var connections = 12_000
    /// Connections over that bound which are still told "503" before they are closed; beyond, they are closed unheard.
    package var refusedConnections = 256
    /// The longest body. Evolution itself sends up to 136 MiB; media of that size should go through its S3 option.
    package var bodyBytes = 64 << 20
    /// Body bytes held in memory in all, from the first byte until the event is on disk.
    package var inFlightBodyBytes = 128 << 20
    /// Bodies from this size on are written to a file of their own as they come. What Evolution sends besides media is
    /// far smaller, and media as a rule.
    package var longBodyBytes = 1 << 20
    /// The pieces in which that is done: two of them are all that is in memory of a long body.
    package var pieceBytes = 256 << 10
    /// Webhooks of one integration in progress. After a reconnect Evolution sends its backlog side by side; this is a
    /// few times of what has been seen, and a twelfth of all.
    package var tenantRequests = 1_000
    /// Bytes of these bodies, once there is more than one of them: a quarter of all.
    package var tenantBodyBytes = 32 << 20
    /// Names and values of one request's headers, and its target.
    package var headerBytes = 16 << 10
    package var headerCount = 100
    /// Parts of pipelined requests that wait behind the one being answered.
    package var backlogParts = 512
    /// How much of a refused body is read and thrown away before closing, so that the sender gets the answer.
    package var drainBytes = 8 << 20
    package var drainTime = TimeAmount.seconds(2)
    /// A refused body up to this size is read to its end, and the connection lives on.
    package var smallBodyBytes = 64 << 10
    /// Bodies from this size on are scanned and hashed off the event loop: about 0.2 ms of it.
    package var offLoopBodyBytes = 512 << 10
    /// From connecting, or from the first byte of a later request, to the end of its headers.
    package var headerTime = TimeAmount.seconds(10)
    /// Between requests. Longer than what Node's agent (5 s) and the usual proxies (60 s) keep, so that they close
    /// first: an Evolution that tries once loses the event it sends into a closing connection.
    package var idleTime = TimeAmount.seconds(75)
    // A request begins with its first byte. Until its answer there are `headerTime`, `bodyTime` and `storeTime`, each
    // counted from a moment that nothing which is sent can move: together they bound it.

    /// From a request's headers to the end of its body: 64 MiB at 10 Mbit/s, and a longer one in proportion.
    package var bodyTime = TimeAmount.seconds(60)
    private static let bytesInBodyTime = 64 << 20
    /// From the end of the body to the spool's answer. A disk that stalls longer cannot store: 503.
    package var storeTime = TimeAmount.seconds(5)
    /// The longest body for the console: forms and API requests are short.
    package var consoleBodyBytes = 256 << 10
    /// Bytes of these that are in memory in all.
    package var consoleBodyBytesInAll = 4 << 20
    /// Requests of the console in progress, those who watch live included. Webhooks have bounds of their own.
    package var consoleRequests = 128
    /// From the end of the console's request to its answer. Long work is no request: it goes on behind one.
    package var consoleTime = TimeAmount.seconds(60)
    /// What a 503 asks the sender to wait.
    package var retryAfterSeconds = 5
    /// From the call to shut down until connections are cut.
    package var shutdownTime = TimeAmount.seconds(10)

    package init() {}

    /// Of a listener that has the console alone.
    package static let console: GatewayLimits = {
        var limits = GatewayLimits()
        limits.connections = 512
        limits.refusedConnections = 64
        return limits
    }()

    func bodyTime(_ request: WebhookHandler.Request) -> TimeAmount {
        let byteCount = max(request.bodyByteCount, request.announcedByteCount ?? 0)
        guard byteCount > Self.bytesInBodyTime else { return self.bodyTime }
        return .nanoseconds(self.bodyTime.nanoseconds / Int64(Self.bytesInBodyTime) * Int64(byteCount))
    }
}
