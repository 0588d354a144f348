import FoundationEssentials
import HookgateCore

/// Where a pairing is, as far as a page shows it.
enum PairingLook: Sendable, Equatable {
    /// A code, and about when the next one comes.
    case code(EvolutionPairing, until: Date)
    case waiting
    case connected(PhoneNumber?)
    case failed(ConsoleError)
}

/// A number that somebody typed for a code, and the word that stands for it in addresses.
struct AskedNumber: Sendable, Equatable {
    let word: String
    let number: String
}

/// Looks at pairings for everybody who watches: however many do, an instance's server is asked once in some seconds; and
/// while nobody does, not at all.
actor PairingDesk {
    private static let freshFor: TimeInterval = 3
    /// Between two questions with numbers about one instance. Numbers are the asker's to choose: they must not be a way to
    /// ask its server as often as one likes.
    private static let pace: TimeInterval = 1
    /// Who is connected stays so for a while.
    private static let connectedFor: TimeInterval = 15
    /// Codes are secrets: none is kept much longer than somebody looks.
    private static let keptFor: TimeInterval = 60
    private static let mostKept = 256
    /// A number is forgotten when its page has long stopped asking.
    private static let numberKeptFor: TimeInterval = 3_600
    /// Of one integration, so that none pushes another's out.
    private static let mostNumbers = 8
    private static let mostWithNumbers = 256

    private struct Typed {
        let asked: AskedNumber
        let at: Date
    }

    private struct Key: Hashable {
        let id: IntegrationID
        let number: String?
    }

    private struct Known {
        let look: PairingLook
        let at: Date
    }

    private let integrations: any IntegrationUseCases
    private let time: TimeSource
    private var known: [Key: Known] = [:]
    private var asked: [IntegrationID: Date] = [:]
    /// Oldest first.
    private var numbers: [IntegrationID: [Typed]] = [:]
    private var readings: [Key: Task<PairingLook, any Error>] = [:]

    init(_ integrations: any IntegrationUseCases, time: TimeSource) {
        self.integrations = integrations
        self.time = time
    }

    /// Keeps a number that somebody typed, in memory alone.
    func keep(_ number: String, of id: IntegrationID) -> AskedNumber {
        self.forgetNumbers()
        if self.numbers[id] == nil, self.numbers.count >= Self.mostWithNumbers, let oldest = self.longestUnused {
            self.numbers[oldest] = nil
        }
        let asked = AskedNumber(word: Base64URL.encode(SystemRandom.bytes(16)), number: number)
        let before = Array((self.numbers[id] ?? []).suffix(Self.mostNumbers - 1))
        self.numbers[id] = before + [Typed(asked: asked, at: self.time.now)]
        return asked
    }

    private var longestUnused: IntegrationID? {
        self.numbers.compactMapValues { $0.last?.at }.min { $0.value < $1.value }?.key
    }

    /// Nil for a word of another integration, and for a number that is forgotten: whoever wants a code to type types it
    /// again.
    func typed(_ word: String, of id: IntegrationID) -> AskedNumber? {
        self.forgetNumbers()
        return self.numbers[id]?.first { $0.asked.word == word }?.asked
    }

    private func forgetNumbers() {
        let now = self.time.now
        self.numbers = self.numbers.compactMapValues { typed in
            let kept = typed.filter { abs(now.timeIntervalSince($0.at)) < Self.numberKeptFor }
            return kept.isEmpty ? nil : kept
        }
    }

    /// - Parameter number: for a pairing code beside the QR code.
    func look(at id: IntegrationID, number: String?) async throws -> PairingLook {
        let key = Key(id: id, number: number)
        let now = self.time.now
        self.known = self.known.filter { abs(now.timeIntervalSince($0.value.at)) < Self.keptFor }
        if let known = self.known[key], abs(now.timeIntervalSince(known.at)) < Self.freshness(of: known.look) {
            return known.look
        }
        if let reading = self.readings[key] { return try await reading.value }
        let before = self.known[key]?.look
        if number != nil {
            self.asked = self.asked.filter { abs(now.timeIntervalSince($0.value)) < Self.pace }
            let isUnderWay = self.readings.keys.contains { $0.id == id && $0.number != nil }
            guard !isUnderWay, self.asked[id] == nil else { return before ?? .waiting }
            self.asked[id] = now
        }
        // Of nobody's own: who asked first may go before it has ended, and the others still want it.
        let reading = Task { [integrations, time] in
            try await Self.ask(integrations, id, number, before: before, time)
        }
        self.readings[key] = reading
        let result = await reading.result
        self.readings[key] = nil
        let look = try result.get()
        if self.known.count >= Self.mostKept, let oldest = self.known.min(by: { $0.value.at < $1.value.at }) {
            self.known[oldest.key] = nil
        }
        self.known[key] = Known(look: look, at: self.time.now)
        return look
    }

    private static func freshness(of look: PairingLook) -> TimeInterval {
        if case .connected = look { Self.connectedFor } else { Self.freshFor }
    }

    private static func ask(
        _ integrations: any IntegrationUseCases, _ id: IntegrationID, _ number: String?, before: PairingLook?,
        _ time: TimeSource
    ) async throws -> PairingLook {
        do {
            switch try await integrations.pairing(id.text, number: number) {
            case .connected(let phone): return .connected(phone)
            case .waiting, .renewed: return .waiting
            case .code(let code, let lasts):
                // The same code goes on running out.
                if case .code(let shown, let until)? = before, shown == code { return .code(code, until: until) }
                return .code(code, until: time.now.addingTimeInterval(TimeInterval(lasts.components.seconds)))
            }
        } catch let error as IntegrationError {
            return .failed(ConsoleError(error))
        }
    }
}
