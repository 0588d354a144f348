/// One part of the product under the fuzzer.
struct Target {
    /// Inputs to begin with that stand in no fixture.
    var seeds: () -> [[UInt8]] = { [] }
    /// Throws where a promise is broken.
    let check: ([UInt8]) throws -> Void
}

/// The target of this process. libFuzzer calls a C function, which can carry nothing; and from one thread only.
nonisolated(unsafe) var current: Target?

/// What libFuzzer calls with each input.
func checkOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try current?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    } catch {
        fatalError("\(error)")
    }
}
