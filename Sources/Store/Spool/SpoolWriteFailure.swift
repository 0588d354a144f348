import HookgateCore

/// Why a batch was not stored: what its senders are told, and what the operator reads.
struct SpoolWriteFailure: Error {
    let error: SpoolError
    let reason: String

    init(_ failure: SpoolDiskError) {
        self.reason = "\(failure)"
        self.error = failure.isOutOfSpace ? .full : .diskFailed("\(failure)")
    }

    init(usedShare: Double) {
        self.reason = "spool: \(Int(usedShare * 100)) % of the disk is used; free some space"
        self.error = .full
    }
}
