package import HookgateCore
import PostgresClient

extension PostgresDeliveryQueue {
    package func follow(_ notice: @escaping @Sendable (DeliveryNotice) -> Void) async {
        while !Task.isCancelled {
            guard let listenURL else { return await poll(notice, until: nil) }
            do {
                let listener = try await PostgresListener.open(url: listenURL, channels: [Self.channel])
                // Whatever was said before is not heard any more.
                notice(.arrivals(.all))
                notice(.workers)
                for try await notification in listener.notifications {
                    notice(Self.notice(notification.payload))
                }
            } catch {
                // The channel is a shortcut: what it would have told is found by asking until it stands again.
                await poll(notice, until: options.reconnectPause)
            }
        }
    }

    private static func notice(_ payload: String) -> DeliveryNotice {
        if payload == workersPayload { return .workers }
        // A payload of another release tells nothing, except that something happened.
        return .arrivals(Int64(payload).map { PartitionSet(rawValue: UInt64(bitPattern: $0)) } ?? .all)
    }

    private func poll(_ notice: @Sendable (DeliveryNotice) -> Void, until end: Duration?) async {
        var left = end
        while left.map({ $0 > .zero }) ?? true {
            notice(.arrivals(.all))
            guard (try? await sleep(options.pollInterval)) != nil else { return }
            left = left.map { $0 - options.pollInterval }
        }
    }
}
