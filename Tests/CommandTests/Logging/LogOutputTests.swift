import Foundation
import Testing

@testable import HookgateCommands

@Suite(.timeLimit(.minutes(1)))
struct LogOutputTests {
    @Test func linesArriveInOrderOnceFlushed() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 1 << 20)
        for number in 0..<100 { output.append("line \(number)") }
        output.flush()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(text == (0..<100).map { "line \($0)\n" }.joined())
    }

    @Test func lineThatDoesNotFitIsDroppedAndCounted() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 10)
        output.append("far too long for it")
        output.append("far too long for it as well")
        output.append("short")
        output.flush()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(text == "short\n… 2 log lines dropped: standard error is read too slowly\n")
    }
}
