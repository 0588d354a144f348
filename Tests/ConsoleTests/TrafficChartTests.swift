import FoundationEssentials
import HookgateCore
import Testing

@testable import Console

struct TrafficChartTests {
    @Test(arguments: [(0, 4), (4, 4), (5, 8), (9, 12), (401, 800), (1_060, 1_200), (12_345, 16_000)])
    func theScaleEndsAtARoundNumber(value: Int, top: Int) {
        #expect(TrafficChart.ceiling(value) == top)
    }

    @Test func thePictureSaysInWordsWhatItShows() {
        let minutes = (0..<60).map {
            TrafficMinute(minute: Date(timeIntervalSince1970: Double($0) * 60), token: 2, instance: 1)
        }
        #expect(TrafficChart.html(minutes).text.contains("120 webhooks came on token URLs and 60 on legacy URLs"))
    }

    @Test func numbersAreForPeople() {
        #expect(Count.text(1_234_567) == "1,234,567")
        #expect(Count.text(-12) == "-12")
        #expect(Count.bytes(1_300) == "1.2 KiB")
        #expect(Moment.length(5_000) == "83 min")
    }
}
