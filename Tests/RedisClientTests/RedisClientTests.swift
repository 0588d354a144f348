import HookgateTestSupport
import NIOCore
import RedisClient
import Testing

@Suite(.timeLimit(.minutes(1))) struct RedisClientTests {
    @Test func commandsAreAnsweredInOrder() async throws {
        let socket = try await TestRedis.socket
        try await RunningClient.run("redis+unix://\(socket)?db=3") { running in
            await running.waitUntilConnected()
            let key = "order:\(UInt64.random(in: 0...UInt64.max))"
            let replies = try await running.client.send(
                [RedisCommand("SET", key, "a\r\nb"), RedisCommand("GET", key), RedisCommand("DEL", key)]
                    + (0..<200).map { RedisCommand("ECHO", "\($0)") })
            #expect(replies.prefix(3) == [.simple("OK"), .bulk(Array("a\r\nb".utf8)), .integer(1)])
            #expect(replies.dropFirst(3).compactMap(\.text) == (0..<200).map(String.init))
        }
    }

    @Test func manyTasksShareOneConnection() async throws {
        let socket = try await TestRedis.socket
        try await RunningClient.run("redis+unix://\(socket)") { running in
            await running.waitUntilConnected()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        try await running.expectEcho("\(number)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(running.statuses == [.connected])
        }
    }

    @Test func errorOfTheServerIsThrownByItsCodeAlone() async throws {
        let socket = try await TestRedis.socket
        try await RunningClient.run("redis+unix://\(socket)") { running in
            await running.waitUntilConnected()
            await #expect(throws: RedisError.refused("ERR")) {
                try await running.client.send(RedisCommand("NOSUCHCOMMAND", "s3cret"))
            }
            // The connection lives on.
            try await running.expectEcho("well")
        }
    }

    @Test func passwordIsGivenAndAWrongOneIsNamedWithoutPrintingIt() async throws {
        try await withRedis(password: "s3cret") { server in
            try await RunningClient.run("redis+unix://:s3cret@\(server.socket)") { running in
                await running.waitUntilConnected()
                try await running.expectEcho("well")
            }
            try await RunningClient.run("redis+unix://default:wr0ng@\(server.socket)") { running in
                await running.waitUntilLost()
                #expect(running.client.status == .lost(.refused("WRONGPASS")))
                #expect(!"\(running.client.status)".contains("wr0ng"))
            }
            try await RunningClient.run("redis+unix://\(server.socket)") { running in
                await running.waitUntilLost()
                #expect(running.client.status == .lost(.refused("NOAUTH")))
            }
        }
    }

    @Test func tlsIsSpokenAndAStrangersCertificateRefused() async throws {
        try await withRedis(password: "s3cret", usesTLS: true) { server in
            let (port, authority) = try server.encrypted()
            for host in ["localhost", "127.0.0.1"] {
                try await RunningClient.run("rediss://:s3cret@\(host):\(port)?cacert=\(authority)") { running in
                    await running.waitUntilConnected()
                    try await running.expectEcho("hidden")
                }
            }
            try await RunningClient.run("rediss://:s3cret@localhost:\(port)") { running in
                await running.waitUntilLost()
                #expect("\(running.client.status)".contains("TLS"))
            }
        }
    }

    @Test func withoutAServerEveryCommandFailsAtOnce() async throws {
        try await RunningClient.run("redis+unix:///nonexistent/redis.sock") { running in
            await running.waitUntilLost()
            let begun = ContinuousClock.now
            await #expect(throws: RedisError.self) { try await running.client.send(RedisCommand("PING")) }
            #expect(ContinuousClock.now - begun < .milliseconds(50))
        }
    }

    @Test func serverThatHangsCostsOneTimeoutAndThenNothingUntilItIsWellAgain() async throws {
        try await withRedis { server in
            var options = RunningClient.patient
            options.connectTimeout = .milliseconds(200)
            options.commandTimeout = .milliseconds(100)
            try await RunningClient.run(server.url, options: options) { running in
                await running.waitUntilConnected()
                try server.suspend()
                // All of these are sent before the server is known to hang.
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            await #expect(throws: RedisError.timedOut) {
                                try await running.client.send(RedisCommand("PING"))
                            }
                        }
                    }
                }
                await running.waitUntilLost()
                let begun = ContinuousClock.now
                await #expect(throws: RedisError.unavailable("Redis did not answer in time")) {
                    try await running.client.send(RedisCommand("PING"))
                }
                #expect(ContinuousClock.now - begun < .milliseconds(50))
                try server.resume()
                await running.waitUntilConnected()
                try await running.expectEcho("well")
            }
        }
    }

    @Test func idleConnectionToAServerThatHangsIsFoundOut() async throws {
        try await withRedis { server in
            var options = RunningClient.patient
            options.pingInterval = .milliseconds(20)
            options.commandTimeout = .milliseconds(100)
            try await RunningClient.run(server.url, options: options) { running in
                await running.waitUntilConnected()
                try server.suspend()
                await running.waitUntilLost()
                try server.resume()
            }
        }
    }

    @Test func serverThatDiesAndComesBackIsConnectedToAgain() async throws {
        try await withRedis { server in
            try await RunningClient.run(server.url) { running in
                await running.waitUntilConnected()
                try server.die()
                await running.waitUntilLost()
                await #expect(throws: RedisError.self) { try await running.client.send(RedisCommand("PING")) }
                let second = try await RedisServer(socket: server.socket)
                await running.waitUntilConnected()
                try await running.expectEcho("well")
                await second.stop()
            }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "+PONG\r\n+PONG\r\n", "$9999999999\r\n", ":1\r\n", "\u{0}\u{1}\r\n",
    ])
    func peerThatTalksNonsenseIsGivenUp(_ nonsense: String) async throws {
        try await ScriptedPeer.run { _ in
            nonsense
        } _: { peer in
            try await RunningClient.run(peer.url) { running in
                await running.waitUntilLost()
                guard case .lost(.violation) = running.client.status else {
                    Issue.record("unexpected: \(running.client.status)")
                    return
                }
            }
        }
    }

    @Test func peerThatAcceptsAndClosesIsNotAskedInATightLoop() async throws {
        let connections = Milestone()
        try await ScriptedPeer.run { _ in
            connections.reach()
            return nil
        } _: { peer in
            var options = RunningClient.patient
            options.firstPause = .seconds(60)
            options.longestPause = .seconds(60)
            try await RunningClient.run(peer.url, options: options) { running in
                await running.waitUntilLost()
                #expect(running.client.status == .lost(.connectionLost))
                #expect(connections.count == 1)
            }
        }
    }

    @Test func commandsOverTheBoundAreRefusedAndTheOthersAnswered() async throws {
        let socket = try await TestRedis.socket
        var options = RunningClient.patient
        options.commandsInFlight = 4
        try await RunningClient.run("redis+unix://\(socket)", options: options) { running in
            await running.waitUntilConnected()
            await #expect(throws: RedisError.saturated) {
                try await running.client.send((0..<5).map { RedisCommand("ECHO", "\($0)") })
            }
            let replies = try await running.client.send((0..<4).map { RedisCommand("ECHO", "\($0)") })
            #expect(replies.compactMap(\.text) == ["0", "1", "2", "3"])
        }
    }
}
