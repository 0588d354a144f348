import ArgumentParser
import EvolutionAPI
import FoundationEssentials
import HookgateCore
import Senders
import Store

extension DestinationsCommand {
    struct Test: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Send one signed test event there, and say what came of it.",
            discussion: """
                The event is of kind hookgate.test, about nobody, and kept nowhere. Exit code 1 when it is not taken.

                Example:
                  hookgate destinations test default
                """
        )

        @OptionGroup var change: Change

        func perform() async throws -> ExitStatus {
            let scope = try change.named.scope()
            let configuration = try change.named.global.configuration()
            return try await Database.use(configuration) { database in
                let printer = DestinationPrinter(isJSON: change.named.global.json)
                let (destination, secrets) = try await Self.target(scope, configuration, database)
                if change.dryRun {
                    try printer.tested(destination, result: nil, took: nil)
                    return .done
                }
                let clock = ContinuousClock()
                let begun = clock.now
                let result = try await Self.send(to: destination, signedBy: secrets, configuration)
                try printer.tested(destination, result: result, took: begun.duration(to: clock.now))
                return result.isDelivered ? .done : .failed
            }
        }

        private static func target(
            _ scope: DestinationScope, _ configuration: Configuration, _ database: Database
        ) async throws -> (Destination, SigningSecrets?) {
            if scope == .default, let configured = configuration.delivery {
                return (configured.destination, configured.secrets)
            }
            let record = try await database.destinations.destination(of: scope).orMissing(scope)
            guard let destination = record.destination else {
                throw CommandFailure(
                    "The destination default names no address. Set HOOKGATE_DELIVER_URL, or: "
                        + "hookgate destinations set default --url URL")
            }
            return (destination, record.secrets)
        }

        private static func send(
            to destination: Destination, signedBy secrets: SigningSecrets?, _ configuration: Configuration
        ) async throws -> AttemptResult {
            let sender = try DestinationSender(
                configuration: configuration, secrets: OneSecret(secrets: secrets), mediaLinks: { nil })
            let now = TimeSource.system.now
            let random = (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max))
            let event = DeliveryEvent(
                id: EventID.timeOrdered(at: now, random: random), receivedAt: now, integrationID: nil,
                organizationID: nil, clinicID: nil, instanceName: InstanceName("hookgate-test"), route: .token,
                kind: "hookgate.test", eventSuffix: nil, chat: nil, messageID: nil)
            let task = DeliveryTask(
                event: event, body: Array(#"{"event":"hookgate.test","instance":"hookgate-test","data":{}}"#.utf8),
                destination: destination, attempt: 1)
            return await withTaskGroup(of: AttemptResult?.self) { group in
                group.addTask {
                    await sender.run()
                    return nil
                }
                group.addTask { await sender.send(task) }
                while let result = await group.next() {
                    guard let result else { continue }
                    group.cancelAll()
                    return result
                }
                return .timedOut
            }
        }
    }

    private struct OneSecret: SigningSecretSource {
        let secrets: SigningSecrets?

        func secrets(named reference: String) -> SigningSecrets? { secrets }
    }
}
