import HookgateTestSupport
import Subprocess
import Testing

/// The servers that tests lean on are tested as well: Redis answers on its socket.
@Suite(.timeLimit(.minutes(1))) struct TestRedisTests {
    @Test func privateRedisAnswers() async throws {
        let socket = try await TestRedis.socket
        let answer = try await Subprocess.run(
            .name("redis-cli"), arguments: ["-s", socket, "ping"], output: .string(limit: 1_024))
        #expect(answer.standardOutput == "PONG\n")
    }
}
