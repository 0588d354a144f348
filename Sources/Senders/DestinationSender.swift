package import HookgateCore

/// Makes one attempt at whatever kind of destination: puts the event into its format, and hands it to what speaks
/// with that kind.
package struct DestinationSender: DeliverySender {
    private let composer: DeliveryComposer
    private let webhooks: WebhookSender
    private let streams: RedisStreamSender
    private let output: StandardOutputSender
    private let time: TimeSource

    package init(
        composer: DeliveryComposer, webhooks: WebhookSender, streams: RedisStreamSender,
        output: StandardOutputSender = StandardOutputSender(), time: TimeSource = .system
    ) {
        self.composer = composer
        self.webhooks = webhooks
        self.streams = streams
        self.output = output
        self.time = time
    }

    package func send(_ task: DeliveryTask) async -> AttemptResult {
        let content: DeliveryContent
        do throws(AttemptRefusal) {
            content = try composer.content(of: task, at: time.now)
        } catch {
            return error.result
        }
        return switch task.destination.kind {
        case .webhook(let url): await webhooks.send(content, of: task, to: url)
        case .redisStream(let target): await streams.send(content, of: task, to: target)
        case .standardOutput: await output.send(content, of: task)
        }
    }

    /// Keeps what outlives an attempt until the task is cancelled, and closes it then.
    package func run() async {
        await streams.run()
        await webhooks.close()
    }
}
