import NIOCore
import Synchronization

/// Knows every open connection, so that there are never too many and a shutdown reaches each of them.
package final class ConnectionRegistry: Sendable {
    /// What a new connection may do.
    enum Admission: Sendable {
        case admitted
        /// Over the bound: told 503, then closed.
        case refused
        /// Too far over it to be told anything.
        case turnedAway
    }

    /// Fired through each connection's pipeline when the server shuts down.
    struct ShutdownEvent: Sendable {}

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isShuttingDown = false
        var whenEmpty: [EventLoopPromise<Void>] = []
    }

    private let limit: Int
    private let refusedLimit: Int
    private let state = Mutex(State())

    init(limit: Int, refusedLimit: Int) {
        self.limit = limit
        self.refusedLimit = refusedLimit
    }

    package var count: Int { self.state.withLock { $0.channels.count } }

    func admit(_ channel: any Channel) -> Admission {
        self.state.withLock { state in
            guard !state.isShuttingDown, state.channels.count < self.limit + self.refusedLimit else {
                return .turnedAway
            }
            state.channels[ObjectIdentifier(channel)] = channel
            return state.channels.count <= self.limit ? .admitted : .refused
        }
    }

    func remove(_ channel: any Channel) {
        let promises = self.state.withLock { state -> [EventLoopPromise<Void>] in
            state.channels[ObjectIdentifier(channel)] = nil
            guard state.channels.isEmpty else { return [] }
            defer { state.whenEmpty = [] }
            return state.whenEmpty
        }
        for promise in promises { promise.succeed() }
    }

    /// Admits nobody from now on, and asks every connection to end after what it is doing.
    func beginShutdown() {
        let channels = self.state.withLock { state in
            state.isShuttingDown = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ShutdownEvent()) }
    }

    /// Cuts what is still open.
    func closeAll() {
        for channel in self.state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }

    /// Succeeds once no connection is left.
    func whenEmpty(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        let isEmpty = self.state.withLock { state in
            if !state.channels.isEmpty { state.whenEmpty.append(promise) }
            return state.channels.isEmpty
        }
        if isEmpty { promise.succeed() }
        return promise.futureResult
    }
}
