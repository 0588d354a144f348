import FoundationEssentials
import HookgateCore
import Testing

struct StatusMachineTests {
    private static let id = IntegrationID("a0000000-0000-4000-8000-000000000001")
    private static let event = EventID("e0000000-0000-4000-8000-000000000001")
    private static let start = Date(timeIntervalSince1970: 1_764_000_000)

    /// What was seen one after the other: how many seconds after the start, and whether by a poll.
    private struct Seen {
        let signal: StatusSignal
        let at: TimeInterval
        var said: TimeInterval?
        var isPoll = false
    }

    private static func run(_ seen: [Seen], from word: String? = "pending") throws -> (
        IntegrationStanding, [StatusChange]
    ) {
        var standing = IntegrationStanding(integrationID: try #require(id), word: word)
        var changes: [StatusChange] = []
        for one in seen {
            let observation = StatusObservation(
                one.signal, seenAt: start.addingTimeInterval(one.at),
                saidAt: one.said.map { start.addingTimeInterval($0 - 10_800) },
                source: one.isPoll ? .poll : .event(try #require(event)))
            let verdict = StatusMachine().observe(observation, of: standing)
            standing = verdict.standing
            if let change = verdict.change { changes.append(change) }
        }
        return (standing, changes)
    }

    private static func words(_ seen: [Seen], from word: String? = "pending") throws -> [String] {
        try run(seen, from: word).1.map { "\($0.to.rawValue) \($0.reason.rawValue)" }
    }

    @Test func pairingAndLosingTheDeviceAreFourChanges() throws {
        let words = try Self.words([
            Seen(signal: .connecting, at: 0), Seen(signal: .codeOffered, at: 1), Seen(signal: .codeOffered, at: 30),
            Seen(signal: .closed(reason: 515), at: 40), Seen(signal: .connecting, at: 41),
            Seen(signal: .open(PhoneNumber("+15550101001")), at: 42), Seen(signal: .deviceRemoved, at: 900),
            Seen(signal: .loggedOut, at: 901), Seen(signal: .closed(reason: 401), at: 902),
        ])
        #expect(
            words == [
                "pending connecting", "pending code_offered", "active connected", "disconnected device_removed",
            ])
    }

    @Test func aShortBreakChangesNothing() throws {
        let (standing, changes) = try Self.run(
            [
                Seen(signal: .connecting, at: 10), Seen(signal: .connecting, at: 200, isPoll: true),
                Seen(signal: .open(nil), at: 250),
            ], from: "active")
        #expect(changes.map(\.to) == [.active])
        #expect(standing.doubtedSince == nil)
    }

    @Test func aBreakThatLastsIsTold() throws {
        let words = try Self.words(
            [
                Seen(signal: .open(nil), at: 0), Seen(signal: .connecting, at: 10),
                Seen(signal: .connecting, at: 320, isPoll: true), Seen(signal: .connecting, at: 900, isPoll: true),
                Seen(signal: .connecting, at: 1_300, isPoll: true), Seen(signal: .open(nil), at: 1_400),
            ])
        #expect(words == ["active connected", "pending connecting", "error stuck", "active connected"])
    }

    @Test func aSilentDeathIsFoundByPolls() throws {
        let words = try Self.words(
            [
                Seen(signal: .open(nil), at: 0), Seen(signal: .closed(reason: nil), at: 300, isPoll: true),
                Seen(signal: .closed(reason: nil), at: 601, isPoll: true),
            ])
        #expect(words == ["active connected", "disconnected closed"])
    }

    @Test(arguments: [
        (402, "error account_restricted"), (403, "error account_restricted"), (406, "error account_restricted"),
        (411, "error session_conflict"), (440, "error session_conflict"), (500, "error session_conflict"),
        (401, "disconnected logged_out"), (408, "pending connection_lost"), (428, "pending connection_lost"),
        (503, "pending connection_lost"), (515, "pending connection_lost"), (999, "pending connection_lost"),
    ])
    func aCloseMeansWhatItsNumberSays(reason: Int, words: String) throws {
        #expect(
            try Self.words([Seen(signal: .open(nil), at: 0), Seen(signal: .closed(reason: Int64(reason)), at: 1)])
                == ["active connected", words])
    }

    @Test func whatComesLateChangesNothing() throws {
        // By our clock: received before, shipped after.
        #expect(
            try Self.words([Seen(signal: .open(nil), at: 10), Seen(signal: .closed(reason: 401), at: 5)])
                == ["active connected"])
        // By the sender's: the retry of what happened before.
        #expect(
            try Self.words([
                Seen(signal: .open(nil), at: 10, said: 9), Seen(signal: .closed(reason: 401), at: 700, said: 5),
            ]) == ["active connected"])
    }

    @Test func theSendersClockOrdersWhatArrivesTheOtherWayRound() throws {
        #expect(
            try Self.words([
                Seen(signal: .closed(reason: 401), at: 700, said: 5), Seen(signal: .open(nil), at: 699, said: 9),
            ]) == ["disconnected logged_out", "active connected"])
    }

    @Test func aSendersClockThatWasSetBackStopsNothing() throws {
        #expect(
            try Self.words([
                Seen(signal: .open(nil), at: 10, said: 20_000), Seen(signal: .closed(reason: 401), at: 20, said: 12),
            ]) == ["active connected", "disconnected logged_out"])
    }

    @Test func aPollLeavesTheReasonToTheEventFromBefore() throws {
        #expect(
            try Self.words([
                Seen(signal: .open(nil), at: 0), Seen(signal: .closed(reason: nil), at: 20, isPoll: true),
                Seen(signal: .deviceRemoved, at: 19),
            ]) == ["active connected", "disconnected device_removed"])
    }

    @Test func theLastWordsOfARemovedInstanceAreNotHeard() throws {
        #expect(
            try Self.words([
                Seen(signal: .open(nil), at: 0), Seen(signal: .removed, at: 10),
                Seen(signal: .closed(reason: 401), at: 11),
                Seen(signal: .missing, at: 20, isPoll: true), Seen(signal: .codeOffered, at: 30),
            ]) == ["active connected", "disconnected removed", "pending code_offered"])
    }

    @Test func aWordOfSomebodyElseIsLeftByTheNextSignal() throws {
        let (_, changes) = try Self.run([Seen(signal: .open(nil), at: 1)], from: "connected")
        #expect(changes.map(\.from) == ["connected"])
    }

    /// Whatever comes in whatever order, the standing says what the last change said.
    @Test func everyChangeLeadsFromTheWordBefore() throws {
        let signals: [StatusSignal] = [
            .open(nil), .connecting, .codeOffered, .codesUsedUp, .closed(reason: nil), .closed(reason: 401),
            .closed(reason: 440), .closed(reason: 428), .deviceRemoved, .loggedOut, .removed, .missing, .notLoaded,
        ]
        for first in signals {
            for second in signals {
                for third in signals {
                    let (standing, changes) = try Self.run([
                        Seen(signal: first, at: 0), Seen(signal: second, at: 400, isPoll: true),
                        Seen(signal: third, at: 1_400, isPoll: true),
                    ])
                    var word: String? = "pending"
                    for change in changes {
                        #expect(change.from == word)
                        word = change.to.rawValue
                    }
                    #expect(standing.word == word)
                    #expect(standing.reason == changes.last?.reason)
                }
            }
        }
    }
}
