import HookgateCore
import Testing

@testable import Console

struct QRPictureTests {
    @Test(arguments: ["2@a", "2@" + String(repeating: "Zm9v", count: 60)])
    func thePictureHasTheModulesOfTheCode(text: String) throws {
        let symbol = try #require(QRSymbol(text))
        let picture = QRPicture.html(symbol, "QR code").text
        #expect(picture.contains(#"viewBox="0 0 \#(symbol.size + 8) \#(symbol.size + 8)""#))
        let start = try #require(picture.firstRange(of: #" d=""#)).upperBound
        var dark: Set<[Int]> = []
        // "M4 4h7v1h-7z" is seven modules from (4, 4).
        for run in picture[start...].prefix(while: { $0 != "\"" }).split(separator: "z") {
            let numbers = run.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
            try #require(numbers.count == 5 && numbers[3] == 1 && numbers[2] == numbers[4], "\(run)")
            for x in numbers[0]..<(numbers[0] + numbers[2]) { dark.insert([x - 4, numbers[1] - 4]) }
        }
        for y in 0..<symbol.size {
            for x in 0..<symbol.size { #expect(dark.contains([x, y]) == symbol[x, y], "\(x), \(y)") }
        }
    }
}
