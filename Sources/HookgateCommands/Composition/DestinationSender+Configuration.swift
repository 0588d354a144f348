import EvolutionAPI
import HookgateCore
import Senders

extension DestinationSender {
    /// The sender as the configuration wants it.
    init(
        configuration: Configuration, secrets: any SigningSecretSource,
        mediaLinks: @escaping @Sendable () -> MediaLinks?
    ) throws {
        var options = WebhookSenderOptions()
        options.allowsPrivateNetworks = configuration.allowsPrivateDestinations
        options.authoritiesFile = configuration.deliveryAuthorities
        self.init(
            composer: DeliveryComposer(normaliser: EvolutionNormaliser(), mediaLinks: mediaLinks),
            webhooks: try WebhookSender(secrets: secrets, options: options),
            streams: RedisStreamSender(operatorsAddress: configuration.redis))
    }
}
