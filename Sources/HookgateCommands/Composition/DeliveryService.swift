import Delivery
import ServiceLifecycle

/// Deliveries for as long as the process runs. At its end nothing more is begun, and what is under way is written before
/// the database goes.
struct DeliveryService: Service, CustomStringConvertible {
    let engine: DeliveryEngine

    var description: String { "delivery" }

    func run() async throws {
        await withGracefulShutdownHandler {
            await engine.run()
        } onGracefulShutdown: {
            engine.end()
        }
    }
}
