import FoundationEssentials
import Glibc
import HookgateCore
import HookgateTestSupport
import Senders
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StandardOutputSenderTests {
    private func task(_ body: String, timeout: Duration = .seconds(10)) -> DeliveryTask {
        let event = DeliveryEvent(
            id: EventID(UUID()), receivedAt: Date(), integrationID: nil, organizationID: nil, clinicID: nil,
            instanceName: nil, route: .token, kind: nil, eventSuffix: nil, chat: nil, messageID: nil)
        let destination = Destination(id: .default, kind: .standardOutput, timeout: timeout)
        return DeliveryTask(event: event, body: Array(body.utf8), destination: destination, attempt: 1)
    }

    private func send(_ task: DeliveryTask, to descriptor: CInt) async throws -> AttemptResult {
        try await withDestinationSender(output: StandardOutputSender(descriptor: descriptor)) { sender in
            await sender.send(task)
        }
    }

    private func withPipe(_ body: (_ reading: CInt, _ writing: CInt) async throws -> Void) async throws {
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { Glibc.close(end) } }
        try await body(ends[0], ends[1])
    }

    @Test func eventIsOneLine() async throws {
        try await withPipe { reading, writing in
            let result = try await send(task("{\n  \"text\": \"a\\nb\"\r\n}"), to: writing)
            #expect(result == .delivered(status: nil))
            var buffer = [UInt8](repeating: 0, count: 200)
            let count = read(reading, &buffer, buffer.count)
            #expect(String(decoding: buffer.prefix(count), as: UTF8.self) == "{   \"text\": \"a\\nb\"  }\n")
        }
    }

    @Test func readerThatDoesNotReadIsATimeoutAndNotAHang() async throws {
        try await withPipe { reading, writing in
            let long = #"{"text":"\#(String(repeating: "x", count: 1 << 20))"}"#
            let result = try await send(task(long, timeout: .milliseconds(100)), to: writing)
            #expect(result == .timedOut)
            // Lets the writer go.
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var left = long.utf8.count + 1
            while left > 0 { left -= max(0, read(reading, &buffer, buffer.count)) }
        }
    }

    @Test func aPipeThatDoesNotBlockGetsWholeLinesToo() async throws {
        try await withPipe { reading, writing in
            for end in [reading, writing] { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
            let long = #"{"text":"\#(String(repeating: "x", count: 1 << 20))"}"#
            async let result = send(task(long), to: writing)
            var line: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while line.last != UInt8(ascii: "\n") {
                let count = read(reading, &buffer, buffer.count)
                if count > 0 { line += buffer.prefix(count) } else { await Task.yield() }
            }
            let outcome = try await result
            #expect(outcome == .delivered(status: nil))
            #expect(line == Array("\(long)\n".utf8))
        }
    }

    @Test func readerThatIsGoneIsABrokenConnection() async throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        Glibc.close(ends[0])
        let result = try await send(task("{}"), to: ends[1])
        Glibc.close(ends[1])
        #expect(result == .connectionFailed(.reset))
    }
}
