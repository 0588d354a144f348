/// The run's one shared Redis, on a unix socket. The first test that needs it starts it; it ends with the process.
package enum TestRedis {
    private static let server = Task<RedisServer, any Error> { try await RedisServer() }

    /// The path of its unix socket.
    package static var socket: String {
        get async throws { try await server.value.socket }
    }
}
