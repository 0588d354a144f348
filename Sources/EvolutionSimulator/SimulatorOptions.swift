package import FoundationEssentials

/// What a simulated server is started with.
package struct SimulatorOptions: Sendable {
    /// `AUTHENTICATION_API_KEY`.
    package var globalKey = "simulated-global-key"
    /// Whether 1.x puts the instance's key into webhooks, as 2.x always does.
    package var exposesKey = true
    /// A second receiver of every event, which no REST call shows.
    package var globalWebhookURL: String?
    /// What dates are counted from; the clock adds what has passed since.
    package var origin = Date(timeIntervalSince1970: 1_764_000_000)
    /// From -1 to 1, for each pause between attempts.
    package var jitter: @Sendable () -> Double = { Double.random(in: -1...1) }
    /// Called when a delivery will not be tried again.
    package var whenSettled: @Sendable (DeliveryRecord) -> Void = { _ in }
    /// Deliveries that may wait in memory. The real server has no bound, and ends when its memory does.
    package var mostPendingDeliveries = 20_000
    /// Settled deliveries that are remembered, for ``EvolutionSimulator/deliveries``.
    package var mostRecords = 100_000
    /// How long a connection is held open where a failure asks for no answer.
    package var longestHang = Duration.seconds(120)

    package init() {}
}
