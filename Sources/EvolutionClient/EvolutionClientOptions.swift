/// How a client treats its server.
package struct EvolutionClientOptions: Sendable {
    /// Since 2.3, `GET /` asks WhatsApp's web server first, without a time limit of its own.
    package var welcomeTimeout = Duration.seconds(10)
    package var briefTimeout = Duration.seconds(15)
    /// For calls in which the server waits for WhatsApp.
    package var longTimeout = Duration.seconds(60)
    /// The pauses before a call is sent again; their number is that of the further tries.
    package var retryPauses: [Duration] = [.milliseconds(500), .seconds(2)]
    /// Each set of a webhook is a write in the server's database, and events wait behind it.
    package var mostParallelCalls = 5
    /// At most twenty calls a second.
    package var callSpacing = Duration.milliseconds(50)
    /// A list of twenty thousand instances is about as long.
    package var longestAnswer = 64 * 1024 * 1024

    package init() {}
}
