import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import Gateway

struct HTTPDateTests {
    @Test(arguments: [
        (0.0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777.9, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func dateIsWrittenAsHTTPHasIt(seconds: Double, text: String) {
        #expect(HTTPDate.text(Date(timeIntervalSince1970: seconds)) == text)
    }
}

struct SocketOptionTests {
    @Test func answersAreSentWithoutDelayAtTheLevelOfTCP() {
        #expect(WebhookServer.noDelay.optionLevel == .tcp)
        #expect(WebhookServer.noDelay.optionName == .tcp_nodelay)
    }
}

struct EndpointTests {
    @Test func wholeURLIsReadLikeItsPath() {
        #expect(Endpoint(method: .GET, target: "http://gate.example/health?x=1") == .health)
        #expect(Endpoint(method: .GET, target: "http://gate.example") == .nothing)
        #expect(Endpoint(method: .GET, target: "*") == .nothing)
    }
}

struct MetricsTextTests {
    @Test func samplesOfAFamilyStandTogetherUnderOneHeader() {
        let text = MetricsText.render([
            MetricSample("a", .counter, help: "A.", labels: [.init("l", "x\"y\\z\n")], value: 1),
            MetricSample("b", .gauge, help: "B.", value: 0.5),
            MetricSample("a", .counter, help: "A.", labels: [.init("l", "2")], value: 2),
        ])
        #expect(
            text == "# HELP a A.\n# TYPE a counter\na{l=\"x\\\"y\\\\z\\n\"} 1\na{l=\"2\"} 2\n"
                + "# HELP b B.\n# TYPE b gauge\nb 0.5\n")
    }
}

struct DurationHistogramTests {
    @Test func everyDurationFallsInOneBucket() {
        let histogram = DurationHistogram()
        for nanoseconds: Int64 in [1, 100_000, 100_001, 60_000_000_000] { histogram.record(nanoseconds: nanoseconds) }
        let samples = histogram.samples("a", help: "A.")
        let counts = samples.filter { $0.suffix == "_bucket" }.map(\.value)
        #expect(counts.first == 2)
        #expect(counts.last == 4)
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(samples.first?.labels == [.init("le", "0.0001")])
        #expect(samples.last?.suffix == "_count" && samples.last?.value == 4)
        #expect(samples.first { $0.suffix == "_sum" }?.value == 60.000200002)
    }

    /// Events that waited for years, more of them than nanoseconds can be summed up for.
    @Test func waitsThroughAnOutageCanBeSummedUp() {
        let histogram = DurationHistogram(DurationHistogram.slow)
        for _ in 0..<1_000 { histogram.record(.seconds(Int64(1_000_000_000))) }
        #expect(histogram.samples("a", help: "A.").first { $0.suffix == "_sum" }?.value == 1e12)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct TrafficLogTests {
    /// Keeps what a logger was told.
    private final class Lines: Sendable {
        let lines = Mutex<[(message: String, metadata: Logger.Metadata)]>([])
        let written = Milestone()
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.lines.lines.withLock { $0.append(("\(event.message)", event.metadata ?? [:])) }
            self.lines.written.reach()
        }
    }

    @Test func atMostFiftyLinesASecondStandForEverythingAndComeNotAllAtOnce() async {
        let (lines, clock, metrics) = (Lines(), ManualClock(), GatewayMetrics())
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let log = TrafficLog(logger: logger, metrics: metrics, time: MonotonicTime(clock))
        log.note(.cacheMiss, [:])
        for _ in 0..<1_000 {
            log.note(.cacheHit, ["token": "0011aabb"])
            clock.advance(by: .milliseconds(1))
        }
        log.finish()
        await log.run()
        let said = lines.lines.withLock { $0 }
        let hits = said.filter { $0.message == "Token cache HIT" }
        let counts = hits.compactMap { $0.metadata["count"].flatMap { Int($0.description) } }
        #expect(counts.count == TrafficLog.linesPerSecond + TrafficLog.linesAtOnce - 1)
        #expect(counts.prefix(TrafficLog.linesAtOnce).allSatisfy { $0 == 1 })
        #expect(counts.suffix(40).allSatisfy { $0 == 20 }, "\(counts)")
        #expect(hits.first?.metadata["token"] == "0011aabb")
        #expect(said.filter { $0.message == "Token cache MISS" }.count == 1)
        #expect(metrics.logLinesDropped.count == 0)
    }

    @Test func countOfABurstIsSaidThoughNothingFollows() async {
        let (lines, clock) = (Lines(), ManualClock())
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let log = TrafficLog(logger: logger, metrics: GatewayMetrics(), time: MonotonicTime(clock))
        for _ in 0..<60 { log.note(.failure, [:]) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await log.run() }
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(1))
            await lines.written.wait(for: TrafficLog.linesAtOnce + 1)
            log.finish()
        }
        #expect(lines.lines.withLock { $0.last?.metadata["count"] } == "50")
    }
}
