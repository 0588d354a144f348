import FoundationEssentials
import Glibc
import Synchronization

/// Shows on standard error how far a long command is: one line drawn anew on a terminal, now and then a plain line
/// anywhere else. Never a colour, so there is none to switch off.
final class ProgressLine: Sendable {
    private static let redraw: Duration = .milliseconds(100)
    /// Plain lines: one for each tenth of work that is large, and never silence for longer than this.
    private static let plainPause: Duration = .seconds(5)
    /// While only something else's coming is waited for.
    private static let plainWait: Duration = .seconds(60)
    private static let largeWork = 1_000
    private static let eraseLine = "\r\u{1B}[K"

    private struct State {
        var meter: ProgressMeter?
        var shownAt = ContinuousClock.now
        var shownTenth = 0
        var isDrawn = false
    }

    private let isTerminal: Bool
    private let state = Mutex(State())

    init() {
        isTerminal = StandardStream.error.isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    func begin(_ label: String, total: Int) {
        end()
        let now = ContinuousClock.now
        state.withLock { $0 = State(meter: ProgressMeter(label, total: total, startedAt: now), shownAt: now) }
    }

    func advance() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.meter?.done += 1
            guard let meter = state.meter, meter.total > 0 else { return }
            if isTerminal {
                guard state.shownAt.duration(to: now) >= Self.redraw else { return }
                StandardStream.error.write(Self.eraseLine + Self.fitting(meter, at: now))
                state.isDrawn = true
            } else {
                let tenth = meter.total >= Self.largeWork ? meter.percent / 10 : 0
                guard tenth > state.shownTenth || state.shownAt.duration(to: now) >= Self.plainPause else { return }
                StandardStream.error.write(meter.text(at: now) + "\n")
                state.shownTenth = tenth
            }
            state.shownAt = now
        }
    }

    /// Says what is waited for while nothing advances.
    func wait(_ text: String) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard state.shownAt.duration(to: now) >= (isTerminal ? Self.redraw : Self.plainWait) else { return }
            if isTerminal {
                StandardStream.error.write(Self.eraseLine + text.prefix(max(0, Self.columns - 1)))
                state.isDrawn = true
            } else {
                StandardStream.error.write(text + "\n")
            }
            state.shownAt = now
        }
    }

    /// Writes lines of other streams where the progress stands; it is drawn again in its time.
    func beside(_ write: () -> Void) {
        erase()
        write()
    }

    func end() {
        erase()
        state.withLock { $0.meter = nil }
    }

    private func erase() {
        state.withLock { state in
            guard state.isDrawn else { return }
            StandardStream.error.write(Self.eraseLine)
            state.isDrawn = false
        }
    }

    /// Without the bar, and cut, where the terminal is narrow: a line that wraps cannot be drawn anew.
    private static func fitting(_ meter: ProgressMeter, at now: ContinuousClock.Instant) -> String {
        let columns = columns
        let bar = meter.bar(at: now)
        return bar.count < columns ? bar : String(meter.text(at: now).prefix(max(0, columns - 1)))
    }

    private static var columns: Int {
        var size = winsize()
        let isKnown = ioctl(StandardStream.error.rawValue, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }
}
