package import EvolutionAPI
package import HookgateCore
import Synchronization

/// Speaks with one Evolution API server, whichever release it runs.
///
/// The release is asked for once and remembered; where the server does not say, its answers tell (``release()``). A
/// refusal that gives away another release, as after an upgrade, is followed at once: it came before anything was
/// written.
package final class EvolutionClient: EvolutionServer {
    package let name: String
    private let options: EvolutionClientOptions
    private let pass: @Sendable (EvolutionRequest) async throws -> EvolutionAnswer
    private let pause: @Sendable (Duration) async throws -> Void
    private let known = Mutex<EvolutionRelease?>(nil)

    /// - Parameters:
    ///   - url: the server's base, without a path's end.
    ///   - key: its global API key. It goes into one header and nowhere else.
    ///   - clock: what pauses are measured by.
    package init(
        name: String, url: String, key: String?, options: EvolutionClientOptions = EvolutionClientOptions(),
        clock: some Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.options = options
        let base = String(url.reversed().drop { $0 == "/" }.reversed())
        let exchange = HTTPExchange(base: base, key: key, options: options)
        let gate = CallGate(parallel: options.mostParallelCalls, spacing: options.callSpacing, clock: clock)
        self.pass = { request in try await gate.pass { try await exchange.send(request) } }
        self.pause = { duration in try await clock.sleep(for: duration) }
    }

    /// Sends a request as it is, again where that is right, and hands over whatever answer came.
    package func answer(to request: EvolutionRequest) async throws(EvolutionFailure) -> EvolutionAnswer {
        var pauses = options.retryPauses[...]
        while true {
            let failure: EvolutionFailure
            do {
                let answer = try await pass(request)
                guard let passing = Self.passing(answer, request), !pauses.isEmpty else { return answer }
                failure = passing
            } catch let error as EvolutionFailure {
                failure = error
            } catch {
                throw .unanswered("the call was cancelled")
            }
            guard mayRepeat(request, after: failure), let wait = pauses.popFirst(),
                (try? await pause(wait)) != nil
            else { throw failure }
        }
    }

    /// A change whose outcome is open is not sent again: only reading back tells.
    private func mayRepeat(_ request: EvolutionRequest, after failure: EvolutionFailure) -> Bool {
        failure.isPassing && (request.isRead || !failure.leavesOutcomeOpen)
    }

    /// What an answer says, where that may be otherwise in a moment.
    private static func passing(_ answer: EvolutionAnswer, _ request: EvolutionRequest) -> EvolutionFailure? {
        do {
            _ = try answer.document(for: request)
            return nil
        } catch {
            return error.isPassing && (request.isRead || !error.leavesOutcomeOpen) ? error : nil
        }
    }

    /// The JSON of an answer that says yes.
    func document(
        _ request: EvolutionRequest, dialect: EvolutionDialect? = nil
    ) async throws(EvolutionFailure) -> JSONDocument {
        try await answer(to: request).document(for: request, dialect: dialect)
    }

    package func release() async throws(EvolutionFailure) -> EvolutionRelease {
        if let release = known.withLock({ $0 }) { return release }
        let release = try await askedRelease()
        known.withLock { $0 = release }
        return release
    }

    /// Asks again: the server was upgraded, or never was what it said.
    /// - Parameter dialect: what it turned out to speak, whatever it says of itself.
    func relearn(_ dialect: EvolutionDialect?) async throws(EvolutionFailure) -> EvolutionRelease {
        let asked = try await askedRelease()
        let release = dialect.map { $0 == asked.dialect ? asked : EvolutionRelease(dialect: $0) } ?? asked
        known.withLock { $0 = release }
        return release
    }

    /// A welcome without a version, or none at all, says nothing against the server: any instance's settings show the
    /// dialect, and where there is none to look at, a set will.
    private func askedRelease() async throws(EvolutionFailure) -> EvolutionRelease {
        do throws(EvolutionFailure) {
            if let release = EvolutionRelease(welcome: try await document(.welcome).root) { return release }
        } catch {
            guard Self.mayConcernWelcomeAlone(error) else { throw error }
        }
        for instance in try await instances().prefix(Self.mostProbes) {
            let settings = try await document(.webhook(of: instance.name)).root
            if let dialect = EvolutionDialect(settings: settings) { return EvolutionRelease(dialect: dialect) }
        }
        return EvolutionRelease(dialect: .nested)
    }

    /// `GET /` waits for WhatsApp's web server, and a proxy may keep it for a page of its own or lead it to the
    /// manager; the other calls know nothing of that.
    private static func mayConcernWelcomeAlone(_ failure: EvolutionFailure) -> Bool {
        switch failure {
        case .unanswered, .unrouted, .refused, .serverFault, .gatewayFault, .notEvolution, .redirected,
            .answerTooLarge:
            true
        case .instanceUnknown, .instanceNotLoaded, .nameTaken, .keyRefused, .wrongDialect, .eventsMissing,
            .licenceInactive, .tooManyRequests, .unreachable:
            false
        }
    }

    private static let mostProbes = 5
}
