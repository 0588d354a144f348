import ArgumentParser

/// How a command that writes many instances goes about it.
struct PaceOptions: ParsableArguments {
    @Option(
        name: .customLong("batch-size"),
        help: "Instances per transaction: fewer hold row locks for a shorter time, more are quicker.")
    var batchSize = 2_000

    @Option(help: ArgumentHelp("How long to wait for another run to end.", valueName: "duration"))
    var wait = DurationArgument(.seconds(60), text: "60s")

    func validate() throws {
        guard (1...10_000).contains(batchSize) else {
            throw ValidationError("--batch-size \(batchSize) is out of range: give a number from 1 to 10000.")
        }
    }
}

/// A duration on the command line: `30s`, `5m`, `1h`, `250ms`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration
    private let text: String

    init(_ duration: Duration, text: String) {
        self.duration = duration
        self.text = text
    }

    init?(argument: String) {
        let units: [(String, Int)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where argument.hasSuffix(unit) {
            guard let number = Int(argument.dropLast(unit.count)), (0...1_000_000).contains(number) else { continue }
            self.init(.milliseconds(number * milliseconds), text: argument)
            return
        }
        return nil
    }

    var defaultValueDescription: String { text }
}
