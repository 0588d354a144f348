import CFuzzer
import Glibc

// hookgate-fuzz TARGET [libFuzzer's arguments]: holds one part of the product to its promise against whatever bytes
// libFuzzer thinks of. A promise that is broken stops the process, which leaves the input behind.
// hookgate-fuzz seeds TARGET FOLDER: writes what the target begins with, beside the fixtures.

/// Every target by its name.
private let targets: [String: Target] = [
    "http": Target(seeds: { AnyConnection.seeds() }, check: { try AnyConnection.check($0) }),
    "scanner": Target(check: { try AnyBody.check($0) }),
    "decoder": Target(check: { try AnyEvent.check($0) }),
    "resp": Target(seeds: { AnyReplies.seeds() }, check: { try AnyReplies.check($0) }),
    "spool": Target(seeds: { AnySpool.seeds() }, check: { try AnySpool.check($0) }),
]

private let usage = "usage: hookgate-fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's arguments]"

switch Array(CommandLine.arguments.dropFirst()) {
case let words where words.count == 3 && words[0] == "seeds":
    guard let target = targets[words[1]] else { fail(usage) }
    for (number, seed) in target.seeds().enumerated() { write(seed, to: "\(words[2])/seed-\(number)") }
case let words where !words.isEmpty:
    guard let target = targets[words[0]] else { fail(usage) }
    current = target
    // libFuzzer reads options from the second argument on: the target's name takes the place of the program's.
    var count = CommandLine.argc - 1
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
    exit(LLVMFuzzerRunDriver(&count, &arguments, checkOne))
default:
    fail(usage)
}

private func fail(_ words: String) -> Never {
    _ = (Array(words.utf8) + [0x0A]).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(64)
}

private func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { fail("cannot write \(path)") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}
