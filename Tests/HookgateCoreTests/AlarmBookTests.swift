import FoundationEssentials
import HookgateCore
import Testing

/// When an alarm is said, said again and taken back.
struct AlarmBookTests {
    private static let start = Date(timeIntervalSince1970: 1_760_918_400)
    private static let warning = Alarm(name: "redis", severity: .warning, detail: "away")
    private static let critical = Alarm(name: "spool", severity: .critical, detail: "full")

    /// Observes at these seconds, and gives what was said at which.
    private static func said(
        _ looks: [(second: Double, alarms: [Alarm])], _ book: AlarmBook = AlarmBook()
    ) -> [String] {
        var book = book
        return looks.flatMap { look in
            book.observe(look.alarms, at: start.addingTimeInterval(look.second)).map {
                "\(Int(look.second)) \($0.kind.rawValue) \($0.alarm.name) \($0.alarm.severity.rawValue) "
                    + "since \(Int($0.since.timeIntervalSince(start)))"
            }
        }
    }

    @Test func whatHealsByItselfIsToldToNobody() {
        #expect(Self.said([(0, [Self.warning]), (119, [Self.warning]), (124, []), (130, [Self.warning])]).isEmpty)
        #expect(Self.said([(0, [Self.critical]), (14, [Self.critical]), (15, [])]).isEmpty)
    }

    @Test func whatHoldsIsRaisedOnceAndClearedOnce() {
        let looks: [(Double, [Alarm])] =
            stride(from: 0.0, through: 600, by: 5).map { ($0, $0 < 300 ? [Self.warning] : []) }
        #expect(
            Self.said(looks) == ["120 raised redis warning since 0", "360 cleared redis warning since 0"])
    }

    @Test func whatCannotBeStoredIsToldSooner() {
        #expect(
            Self.said([(0, [Self.critical]), (15, [Self.critical])]) == ["15 raised spool critical since 0"])
    }

    @Test func whatFlickersIsNotToldTwice() {
        let looks: [(Double, [Alarm])] =
            stride(from: 0.0, through: 3_600, by: 30).map { ($0, Int($0) % 90 == 0 && $0 > 300 ? [] : [Self.critical]) }
        #expect(Self.said(looks) == ["30 raised spool critical since 0"])
    }

    @Test func whatStillHoldsIsSaidAgainEveryFourHours() {
        let looks: [(Double, [Alarm])] = stride(from: 0.0, through: 9 * 3_600, by: 60).map { ($0, [Self.warning]) }
        #expect(
            Self.said(looks) == [
                "120 raised redis warning since 0", "14520 repeated redis warning since 0",
                "28920 repeated redis warning since 0",
            ])
    }

    @Test func whatGetsWorseIsRaisedAnew() {
        let worse = Alarm(name: "redis", severity: .critical, detail: nil)
        #expect(
            Self.said([
                (0, [Self.warning]), (120, [Self.warning]), (200, [worse]), (210, [worse]), (215, [worse]),
                (300, [Self.warning]), (500, [worse]),
            ]) == ["120 raised redis warning since 0", "215 raised redis critical since 0"])
    }

    @Test func alarmsAreIndependent() {
        #expect(
            Self.said([
                (0, [Self.critical, Self.warning]), (20, [Self.warning, Self.critical]), (130, [Self.warning]),
                (200, [Self.warning]),
            ]) == [
                "20 raised spool critical since 0", "130 raised redis warning since 0",
                "200 cleared spool critical since 0",
            ])
    }

    @Test func readinessSaysWhichPartsAreAlarms() {
        let readiness = Readiness(parts: [
            .init(name: "spool", state: .failed, detail: "full"),
            .init(name: "redis", state: .degraded, detail: "away"),
            .init(name: "routing", state: .ok),
        ])
        #expect(readiness.alarms == [Self.critical, Self.warning])
    }
}
