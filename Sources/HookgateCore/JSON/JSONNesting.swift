/// Where a walk is among the open containers.
struct JSONNesting {
    private(set) var depth = 0
    /// Whether the innermost container is an object.
    private(set) var isObject = false
    /// Whether the innermost container was opened a moment ago and nothing was met in it.
    var isFresh = false

    @inline(__always)
    mutating func push(_ container: JSONContainer, _ outer: inout JSONOuterContainers) {
        outer[depth] = isObject
        isObject = container == .object
        isFresh = true
        depth &+= 1
    }

    @inline(__always)
    mutating func pop(_ outer: JSONOuterContainers) {
        depth &-= 1
        isObject = outer[depth]
        isFresh = false
    }
}

/// Which of the open containers but the innermost are objects: a bit for each, so that no depth up to the limit
/// costs an allocation. Apart from ``JSONNesting``, whose few values then stay in registers.
struct JSONOuterContainers {
    private var words = InlineArray<8, UInt64>(repeating: 0)

    subscript(depth: Int) -> Bool {
        @inline(__always) get { words[depth >> 6] & (1 << UInt64(depth & 63)) != 0 }
        @inline(__always) set {
            let bit: UInt64 = 1 << UInt64(depth & 63)
            if newValue { words[depth >> 6] |= bit } else { words[depth >> 6] &= ~bit }
        }
    }
}
